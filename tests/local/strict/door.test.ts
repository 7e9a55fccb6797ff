import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callEngine } from '../../../src/local/engines/aws.ts'
import { type AccessKey, sha256 } from '../../../src/local/signature/canonical.ts'
import { newCredentials, signedHeaders } from '../../../src/local/signature/sign.ts'
import { type Stack, startStack } from '../../../src/local/stack.ts'
import { readTemplate } from '../../../src/local/template/template.ts'
import { presignedGet, presignedPut } from '../../../src/store/jobs/presign.ts'

let stack: Stack
/** A key that may read and write what is below `bodies/`. */
let key: AccessKey

beforeAll(async () => {
  stack = await startStack({ environments: 1 })
  key = stack.keyOf('PatientFunction') as AccessKey
})
afterAll(() => stack?.stop())

interface Answer {
  status: number
  headers: Readonly<Record<string, unknown>>
  text: string
}

const ask = (
  url: string,
  method: string,
  headers: Record<string, string> = {},
  body: string | Buffer = '',
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method, headers: { connection: 'close', ...headers } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      )
    })
    sent.once('error', reject)
    sent.end(body)
  })

const scan = { 'x-amz-target': 'DynamoDB_20120810.Scan', 'content-type': 'application/x-amz-json-1.0' }

test('the database answers who signs with a key of this start', async () => {
  const { endpoints } = stack.strict
  const item = { TableName: 'resources-table', Key: { pk: { S: 'a' }, sk: { S: 'b' } } }
  expect(await callEngine('dynamodb', endpoints.dynamodb, 'GetItem', item, key)).toEqual({})
  for (const other of [newCredentials(), { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }])
    await expect(callEngine('dynamodb', endpoints.dynamodb, 'GetItem', item, other)).rejects.toThrow(
      'The security token included in the request is invalid.',
    )
})

test('the database answers no page of a browser, and lets none read', async () => {
  const body = JSON.stringify({ TableName: 'resources-table' })
  const answer = await ask(
    stack.endpoints.dynamodb,
    'POST',
    { ...scan, origin: 'https://evil.example' },
    body,
  )
  expect(answer.status).toBe(400)
  expect(JSON.parse(answer.text)).toMatchObject({
    __type: expect.stringMatching(/#MissingAuthenticationTokenException$/),
  })
  const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'POST' }
  for (const url of [stack.strict.endpoints.dynamodb, stack.strict.endpoints.s3, stack.cognito]) {
    const { status, headers } = await ask(url, 'OPTIONS', preflight)
    expect(status, url).toBeGreaterThanOrEqual(400)
    expect(headers['access-control-allow-origin'], url).not.toBe('https://evil.example')
  }
})

const [bucket = ''] = readTemplate().buckets

const signer = () => ({ region: 'local', ...key, endpoint: stack.strict.endpoints.s3 })
const upload = () => ({ bucket, key: 'bodies/a b/ü', bytes: 5, contentType: 'text/plain', seconds: 60 })

const read = async (key: string): Promise<Answer> =>
  ask(presignedGet({ bucket, key }, signer(), Date.now()), 'GET')

test('the bucket takes an upload as its address was signed, and no other', async () => {
  const url = presignedPut(upload(), signer(), Date.now())
  const type = { 'content-type': 'text/plain' }
  const refusals: [string, Record<string, string>, string][] = [
    [url, { 'content-type': 'text/html' }, 'hello'],
    [url, type, 'longer than was signed'],
    [url.replace('/a%20b/', '/other/'), type, 'hello'],
    [url.split('?')[0] as string, type, 'hello'],
    [presignedPut(upload(), { ...signer(), secretAccessKey: 'S3RVER' }, Date.now()), type, 'hello'],
    [presignedPut(upload(), signer(), Date.now() - 61_000), type, 'hello'],
    [url, { ...type, origin: 'https://evil.example' }, 'hello'],
  ]
  for (const [address, headers, body] of refusals)
    expect(
      (await ask(address, 'PUT', { ...headers, 'content-length': String(body.length) }, body)).status,
    ).toBe(403)
  expect((await read('bodies/a b/ü')).status).toBe(403)
  expect((await ask(url, 'PUT', { ...type, 'content-length': '5' }, 'hello')).status).toBe(200)
  expect(await read('bodies/a b/ü')).toMatchObject({ status: 200, text: 'hello' })
})

test('the bucket stores no body but the one whose digest was signed', async () => {
  const url = new URL(`${stack.strict.endpoints.s3}/${bucket}/bodies/large`)
  const large = Buffer.alloc(3_000_000, 'x')
  const put = (body: Buffer): Promise<Answer> => {
    const message = { method: 'PUT', path: url.pathname, headers: { host: url.host } }
    const place = { service: 's3', region: 'local' } as const
    return ask(url.href, 'PUT', signedHeaders(message, large, place, key), body)
  }
  const refused = await put(Buffer.alloc(3_000_000, 'y'))
  expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('XAmzContentSHA256Mismatch') })
  expect((await read('bodies/large')).status).toBe(403)
  expect((await put(large)).status).toBe(200)
  expect(sha256((await read('bodies/large')).text)).toBe(sha256(large))
})

test('the user pool takes the administration of its users from nobody but the stack', async () => {
  const user = { UserPoolId: stack.poolId, Username: 'mallory' }
  await expect(callEngine('cognito', stack.cognito, 'AdminCreateUser', user)).rejects.toThrow(
    'The request signature does not conform to AWS standards.',
  )
  await expect(callEngine('cognito', stack.cognito, 'ListUsers', user, newCredentials())).rejects.toThrow(
    'The security token included in the request is invalid.',
  )
  const { credentials } = stack
  const listed = await callEngine(
    'cognito',
    stack.cognito,
    'ListUsers',
    { UserPoolId: stack.poolId },
    credentials,
  )
  expect(listed.Users).toHaveLength(4)
})

test('the user pool signs a user in, and names no other origin', async () => {
  const answer = await ask(
    stack.cognito,
    'POST',
    {
      'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth',
      'content-type': 'application/x-amz-json-1.1',
      origin: new URL(stack.cognito).origin,
    },
    JSON.stringify({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: stack.clientId,
      AuthParameters: { USERNAME: 'viewer', PASSWORD: 'Pilotlight-viewer-1' },
    }),
  )
  expect(answer.status).toBe(200)
  expect(answer.text).toContain('IdToken')
  expect(answer.headers['access-control-allow-origin']).toBeUndefined()
})

const isEverywhereLoopback = process.platform === 'linux' || process.platform === 'win32'

test.runIf(isEverywhereLoopback)('the engines are at no address that a page could try', () => {
  const { hostname } = new URL(stack.endpoints.dynamodb)
  expect(hostname).toMatch(/^127\./)
  expect(hostname).not.toBe('127.0.0.1')
})
