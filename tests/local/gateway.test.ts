import { request } from 'node:http'
import { gunzipSync } from 'node:zlib'
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { delimiter } from '../../src/local/functions/awslambda.ts'
import type { Outcome } from '../../src/local/functions/environments.ts'
import { type Gateway, startGateway } from '../../src/local/gateway/gateway.ts'
import { openAuthorizer } from '../../src/local/gateway/token.ts'
import { readTemplate } from '../../src/local/template/template.ts'

type Run = (event: APIGatewayProxyEvent, receive?: (chunk: Uint8Array) => void) => Promise<Outcome>

/** The function behind each test's route. */
let run: Run
let gateway: Gateway

const route = { method: 'ANY', function: 'Any', authorizer: 'none', timeoutMilliseconds: 300 } as const

beforeAll(async () => {
  const routes = [
    { ...route, path: '/whole' },
    { ...route, path: '/streamed', streams: true as const },
  ]
  gateway = await startGateway({ ...readTemplate(), routes }, 0)
  gateway.open({
    authorize: openAuthorizer,
    invoke: (_, event, receive) => run(event as APIGatewayProxyEvent, receive),
    cognito: 'http://127.0.0.1:1',
    keyring: () => undefined,
    page: () => undefined,
  })
})
afterAll(() => gateway?.stop())

interface Answer {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: Buffer
}

/** Sends a path as it is; fails where the answer breaks off. */
const ask = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request({ port: gateway.port, path: `/fhir${path}`, headers }, async (response) => {
      try {
        const chunks: Buffer[] = []
        for await (const chunk of response) chunks.push(chunk)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) })
      } catch (error) {
        reject(error)
      }
    })
    sent.once('error', reject).end()
  })

const echo: Run = async (event) => ({
  kind: 'result',
  result: { statusCode: 200, body: JSON.stringify(event.multiValueQueryStringParameters) },
})

const streams =
  (...chunks: string[]): Run =>
  async (_, receive) => {
    receive?.(Buffer.concat([Buffer.from('{"statusCode":200}'), delimiter]))
    for (const chunk of chunks) receive?.(Buffer.from(chunk))
    return { kind: 'result', result: undefined }
  }

const never = new Promise<Outcome>(() => {})

test.each(['|', '{', '}', '^', '"', '<', '>', '\\', '`'])(
  'refuses a raw %s in a query',
  async (character) => {
    run = echo
    const refused = await ask(`/whole?code=a${character}b`)
    expect(refused.status).toBe(400)
    expect(JSON.parse(refused.body.toString())).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [
        {
          diagnostics: `\`${character}\` in the query must be percent-encoded, as ${encodeURIComponent(character)}.`,
        },
      ],
    })
    const { status, body } = await ask(`/whole?code=a${encodeURIComponent(character)}b`)
    expect(status).toBe(200)
    expect(JSON.parse(body.toString())).toEqual({ code: [`a${character}b`] })
  },
)

test('splits a query at a raw semicolon, and at none that is encoded', async () => {
  run = echo
  expect(JSON.parse((await ask('/whole?a=1;b=2;c')).body.toString())).toEqual({ a: ['1'], b: ['2'], c: [''] })
  expect(JSON.parse((await ask('/whole?a=1%3Bb=2')).body.toString())).toEqual({ a: ['1;b=2'] })
  expect(JSON.parse((await ask("/whole?a[]=1$,:@!*'()&b=a+b")).body.toString())).toEqual({
    'a[]': ["1$,:@!*'()"],
    b: ['a b'],
  })
})

test('refuses a URL of more than 10,240 characters', async () => {
  run = echo
  const path = '/whole?a='
  expect((await ask(path + 'x'.repeat(10_240 - path.length))).status).toBe(200)
  expect((await ask(path + 'x'.repeat(10_241 - path.length))).status).toBe(414)
})

test('refuses headers of more than 10,240 bytes together', async () => {
  run = echo
  expect((await ask('/whole', { 'x-a': 'x'.repeat(5_000), 'x-b': 'x'.repeat(5_000) })).status).toBe(200)
  expect((await ask('/whole', { 'x-a': 'x'.repeat(5_000), 'x-b': 'x'.repeat(5_300) })).status).toBe(431)
  expect((await ask('/whole', { 'x-a': 'x'.repeat(30_000) })).status).toBe(431)
})

test('answers 502 for more than 6 MB as Lambda counts them, unless they are streamed', async () => {
  const quotes = '"'.repeat(3_200_000)
  run = async () => ({ kind: 'result', result: { statusCode: 200, body: quotes } })
  expect((await ask('/whole')).status).toBe(502)
  run = async () => ({ kind: 'result', result: { statusCode: 200, body: quotes.slice(0, 3_100_000) } })
  expect((await ask('/whole')).status).toBe(200)
  run = streams(quotes, quotes, quotes)
  const streamed = await ask('/streamed')
  expect(streamed.status).toBe(200)
  expect(streamed.body.length).toBe(3 * quotes.length)
})

test('compresses a whole answer from 1,024 bytes on, and no streamed one', async () => {
  const long = 'x'.repeat(1024)
  run = async () => ({ kind: 'result', result: { statusCode: 200, body: long } })
  const compressed = await ask('/whole', { 'accept-encoding': 'br, gzip;q=0.5' })
  expect(compressed.headers['content-encoding']).toBe('gzip')
  expect(gunzipSync(compressed.body).toString()).toBe(long)
  for (const encoding of ['br', 'gzip;q=0', 'identity'])
    expect((await ask('/whole', { 'accept-encoding': encoding })).headers['content-encoding']).toBeUndefined()
  run = async () => ({ kind: 'result', result: { statusCode: 200, body: long.slice(1) } })
  expect((await ask('/whole', { 'accept-encoding': 'gzip' })).headers['content-encoding']).toBeUndefined()
  run = streams(long, long)
  const streamed = await ask('/streamed', { 'accept-encoding': 'gzip' })
  expect(streamed.headers['content-encoding']).toBeUndefined()
  expect(streamed.body.toString()).toBe(long + long)
})

test.each(['/whole', '/streamed'])('answers 504 when %s has not begun in its time', async (path) => {
  let late: ((chunk: Uint8Array) => void) | undefined
  run = async (_, receive) => {
    late = receive
    return never
  }
  const { status, body } = await ask(path)
  expect(status).toBe(504)
  expect(JSON.parse(body.toString())).toMatchObject({ issue: [{ code: 'timeout' }] })
  late?.(Buffer.concat([Buffer.from('{"statusCode":200}'), delimiter]))
  run = echo
  expect((await ask('/whole')).status).toBe(200)
})

test('breaks a stream off that has begun and does not end in its time', async () => {
  run = async (event, receive) => {
    await streams('so far')(event, receive)
    return never
  }
  await expect(ask('/streamed')).rejects.toThrow('aborted')
})
