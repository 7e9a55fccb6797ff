import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import { expect, test } from 'vitest'
import type { AccessKey, Service, SignedMessage } from '../../src/local/signature/canonical.ts'
import { newCredentials, signedHeaders } from '../../src/local/signature/sign.ts'
import { signatureFault } from '../../src/local/signature/verify.ts'
import { presignedGet, presignedPut } from '../../src/store/jobs/presign.ts'

class Sha256 {
  private readonly hash: { update(data: string | Uint8Array): unknown; digest(): Buffer }
  constructor(secret?: string | Uint8Array) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret)
  }
  update(data: string | Uint8Array): void {
    this.hash.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return this.hash.digest()
  }
  reset(): void {}
}

const key = { accessKeyId: 'AKIA', secretAccessKey: 'secret', sessionToken: 'a/b+c=' }
const now = Date.UTC(2026, 2, 4, 10, 11, 12)
const body = Buffer.from('{"TableName":"ümlaut"}')

const keyring = (id: string) => (id === key.accessKeyId ? key : undefined)

const judge = (
  service: Service,
  message: SignedMessage,
  content: Uint8Array | undefined = body,
  time = now,
): string | undefined => signatureFault(service, message, content, { keyring, now: time })?.code

/** Signs as the SDK does. */
const bySdk = async (
  service: Service,
  method: string,
  path: string,
  query: Record<string, string> = {},
): Promise<SignedMessage> => {
  const signer = new SignatureV4({
    service,
    region: 'eu-central-1',
    credentials: key,
    sha256: Sha256 as never,
    uriEscapePath: service !== 's3',
    applyChecksum: service === 's3',
  })
  const { headers: signed } = (await signer.sign(
    {
      method,
      protocol: 'http:',
      hostname: '127.0.0.1',
      path,
      query,
      headers: { host: '127.0.0.1:8000', 'content-type': 'text/plain;  charset=utf-8' },
      body,
    } as never,
    { signingDate: new Date(now) },
  )) as unknown as { headers: Record<string, string> }
  const text = Object.entries(query)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&')
  const headers = Object.fromEntries(
    Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value]),
  )
  return { method, path: text ? `${path}?${text}` : path, headers }
}

test.each([
  ['dynamodb', 'POST', '/', {}],
  ['cognito-idp', 'POST', '/', {}],
  ['s3', 'PUT', '/bucket/a%20b/%C3%BC~%281%29.json', { 'x-id': 'PutObject' }],
  ['s3', 'GET', '/bucket', { prefix: 'a/b c+d', 'list-type': '2', marker: '' }],
] as const)('believes what the SDK signs: %s %s %s', async (service, method, path, query) => {
  expect(judge(service, await bySdk(service, method, path, query))).toBeUndefined()
})

test('believes the example of the documentation', () => {
  const example: AccessKey = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  }
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
  const headers = {
    host: 'examplebucket.s3.amazonaws.com',
    range: 'bytes=0-9',
    'x-amz-content-sha256': empty,
    'x-amz-date': '20130524T000000Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  }
  const message = { method: 'GET', path: '/test.txt', headers }
  expect(
    signatureFault('s3', message, Buffer.alloc(0), { keyring: () => example, now: Date.UTC(2013, 4, 24) }),
  ).toBeUndefined()
})

const signed = (content: string | Uint8Array = body, credentials: AccessKey = key): SignedMessage => {
  const message = {
    method: 'POST',
    path: '/',
    headers: { host: 'local', 'x-amz-target': 'DynamoDB_20120810.Scan' },
  }
  const place = { service: 'dynamodb', region: 'local' } as const
  return { ...message, headers: signedHeaders(message, content, place, credentials, now) }
}

test('believes what it signs itself, for five minutes either way', () => {
  expect(judge('dynamodb', signed())).toBeUndefined()
  for (const minutes of [-5, 5])
    expect(judge('dynamodb', signed(), body, now + minutes * 60_000)).toBeUndefined()
  for (const off of [-301_000, 301_000])
    expect(judge('dynamodb', signed(), body, now + off)).toBe('InvalidSignatureException')
})

test.each<[string, SignedMessage, string]>([
  ['no signature', { ...signed(), headers: { host: 'local' } }, 'MissingAuthenticationTokenException'],
  ['another key', signed(body, newCredentials()), 'UnrecognizedClientException'],
  [
    'the same key with another secret',
    signed(body, { ...key, secretAccessKey: 'x' }),
    'InvalidSignatureException',
  ],
  ['no session', signed(body, { ...key, sessionToken: undefined }), 'UnrecognizedClientException'],
  ['another body', signed('{}'), 'InvalidSignatureException'],
  ['another path', { ...signed(), path: '/x' }, 'InvalidSignatureException'],
  ['another method', { ...signed(), method: 'PUT' }, 'InvalidSignatureException'],
  [
    'another operation',
    { ...signed(), headers: { ...signed().headers, 'x-amz-target': 'DynamoDB_20120810.DeleteTable' } },
    'InvalidSignatureException',
  ],
  [
    'a header of AWS that is not signed',
    { ...signed(), headers: { ...signed().headers, 'x-amz-other': '1' } },
    'InvalidSignatureException',
  ],
  [
    'a signature for another service',
    {
      ...signed(),
      headers: {
        ...signed().headers,
        authorization: String(signed().headers.authorization).replace('/dynamodb/', '/s3/'),
      },
    },
    'IncompleteSignatureException',
  ],
  [
    'nonsense',
    { ...signed(), headers: { host: 'local', authorization: 'AWS4-HMAC-SHA256 ' } },
    'IncompleteSignatureException',
  ],
])('refuses %s', (_, message, code) => {
  expect(judge('dynamodb', message)).toBe(code)
})

const signer = { region: 'eu-central-1', ...key, endpoint: 'http://127.0.0.1:9000' }
const upload = {
  bucket: 'uploads',
  key: 'uploads/main/ä (1)',
  bytes: 7,
  contentType: 'a/b; c=d',
  seconds: 60,
}

const put = (headers: Record<string, string> = {}): SignedMessage => {
  const { pathname, search } = new URL(presignedPut(upload, signer, now))
  const sent = { host: '127.0.0.1:9000', 'content-length': '7', 'content-type': 'a/b; c=d', ...headers }
  return { method: 'PUT', path: pathname + search, headers: sent }
}

test('believes an address that was signed beforehand, until it expires', () => {
  expect(judge('s3', put(), undefined)).toBeUndefined()
  expect(judge('s3', put(), undefined, now + 60_000)).toBeUndefined()
  expect(judge('s3', put(), undefined, now + 61_000)).toBe('AccessDenied')
})

test.each<[string, SignedMessage, string]>([
  ['more bytes', put({ 'content-length': '8' }), 'SignatureDoesNotMatch'],
  ['another type', put({ 'content-type': 'a/b' }), 'SignatureDoesNotMatch'],
  ['another host', put({ host: 'elsewhere' }), 'SignatureDoesNotMatch'],
  ['another method', { ...put(), method: 'GET' }, 'SignatureDoesNotMatch'],
  ['another object', { ...put(), path: put().path.replace('main', 'other') }, 'SignatureDoesNotMatch'],
  [
    'a longer life',
    { ...put(), path: put().path.replace('Expires=60', 'Expires=600') },
    'SignatureDoesNotMatch',
  ],
  [
    'a life of more than a week',
    { ...put(), path: put().path.replace('Expires=60', 'Expires=604801') },
    'AuthorizationHeaderMalformed',
  ],
  ['rights by a header of AWS', put({ 'x-amz-acl': 'public-read' }), 'AccessDenied'],
])('refuses an upload of %s', (_, message, code) => {
  expect(judge('s3', message, undefined)).toBe(code)
})

test('reads by a signed address', () => {
  const { pathname, search } = new URL(presignedGet({ bucket: 'b', key: 'k' }, signer, now))
  const message = { method: 'GET', path: pathname + search, headers: { host: '127.0.0.1:9000' } }
  expect(judge('s3', message, undefined)).toBeUndefined()
  expect(judge('s3', { ...message, path: pathname }, undefined)).toBe('AccessDenied')
})
