import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Stack, startStack } from '../../src/local/stack.ts'
import { type Bundle, killJobs, laterOf, redelivering } from './later.ts'

const template = redelivering(8)
let stack: Stack
const tokens: Record<string, string> = {}
let later: ReturnType<typeof laterOf>
beforeAll(async () => {
  // Every message is delivered twice, and all is done once.
  let deliveries = 0
  stack = await startStack({ environments: 2, template, twice: () => deliveries++ % 2 === 0 })
  for (const user of ['clinician', 'viewer']) tokens[user] = `Bearer ${await stack.token(user)}`
  later = laterOf(stack, tokens.clinician ?? '')
})
afterAll(() => stack?.stop())

const json = 'application/fhir+json'

const ask: typeof later.ask = (...asked) => later.ask(...asked)
const outcomeAt = (status: string) => later.outcomeAt(status)
const upload = (parameters: string) => later.upload(parameters)

const patients = (count: number, family: string, filler = '') =>
  JSON.stringify({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: Array.from({ length: count }, (_, i) => ({
      resource: {
        resourceType: 'Patient',
        name: [{ family, given: [`${filler}${i}`] }],
      },
      request: { method: 'POST', url: 'Patient' },
    })),
  })

const countOf = async (family: string): Promise<number | undefined> =>
  ((await (await ask('GET', `/Patient?family=${family}&_summary=count`)).json()) as Bundle).total

test('a Bundle is done later where that is preferred, and only its sender hears of it', async () => {
  const accepted = await ask(
    'POST',
    '',
    { 'content-type': json, prefer: 'respond-async' },
    patients(3, 'Later'),
  )
  const status = accepted.headers.get('content-location') ?? ''
  expect([accepted.status, status]).toEqual([202, expect.stringMatching(/\/_jobs\/[\w-]{36}$/)])
  const { type, entry } = await outcomeAt(status)
  expect([type, entry[0]?.response.status, entry[0]?.resource.type, entry[0]?.resource.entry.length]).toEqual(
    ['batch-response', '200 OK', 'transaction-response', 3],
  )
  expect((await ask('GET', status, { authorization: tokens.viewer ?? '' })).status).toBe(404)
  expect((await ask('DELETE', status)).status).toBe(202)
  expect((await ask('GET', status)).status).toBe(404)
})

test('a search is done later too, and what is refused is told as an outcome', async () => {
  const found = await ask('GET', '/Patient?family=Later', { prefer: 'respond-async' })
  const { entry } = await outcomeAt(found.headers.get('content-location') ?? '')
  expect(entry[0]?.resource.entry.length).toBe(3)
  const wrong = await ask(
    'POST',
    '',
    { 'content-type': json, prefer: 'respond-async' },
    '{"resourceType":"Bundle"',
  )
  const told = await outcomeAt(wrong.headers.get('content-location') ?? '')
  expect(told.entry[0]?.response).toMatchObject({
    status: '400 Bad Request',
    outcome: { resourceType: 'OperationOutcome' },
  })
})

test('a Bundle over 10 MB is uploaded, and done once though its worker is killed amid it', async () => {
  const body = patients(600, 'Uploaded', 'x'.repeat(20_000))
  expect(Buffer.byteLength(body)).toBeGreaterThan(10 * 1024 * 1024)
  expect((await ask('POST', '', { 'content-type': json }, body)).status).toBe(413)
  const { url, status } = await upload(`size=${Buffer.byteLength(body)}`)
  const put = await fetch(url, { method: 'PUT', headers: { 'content-type': json }, body })
  expect(put.status).toBe(200)
  const progress = async () => (await ask('GET', status)).headers.get('x-progress') ?? ''
  while (!(await progress()).startsWith('being done')) await sleep(10)
  await sleep(400)
  expect(await progress()).toContain('being done')
  killJobs(stack, template)
  const { entry } = await outcomeAt(status)
  expect([entry[0]?.response.status, entry[0]?.resource.entry.length]).toEqual(['200 OK', 600])
  expect(await countOf('Uploaded')).toBe(600)
}, 120_000)

test('a page of more than 6 MB leaves at once', async () => {
  const response = await ask('GET', '/Patient?family=Uploaded&_count=400', { 'accept-encoding': 'identity' })
  const text = await response.text()
  expect([response.status, text.length > 6 * 1024 * 1024]).toEqual([200, true])
})

test('content of 8 MB is uploaded and read as it was', async () => {
  const bytes = randomBytes(8 * 1024 * 1024)
  const { url, status } = await upload(`size=${bytes.length}&contentType=image/png&target=Binary/scan`)
  await fetch(url, { method: 'PUT', headers: { 'content-type': 'image/png' }, body: bytes })
  expect((await outcomeAt(status)).entry[0]?.response.status).toBe('201 Created')
  const response = await ask('GET', '/Binary/scan', { accept: 'image/*' })
  expect(response.headers.get('content-type')).toBe('image/png')
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
  const wrapper = (await (await ask('GET', '/Binary/scan', { accept: json })).json()) as { data: string }
  expect(Buffer.from(wrapper.data, 'base64').equals(bytes)).toBe(true)
})

test('says that an upload without a size lacks it', async () => {
  expect(await (await ask('POST', '/$upload')).text()).toContain('it is missing')
})

test.each(['', 'size=0', 'size=999999999999', 'size=5&target=Patient', 'size=5&contentType=x'])(
  'refuses an upload with %j',
  async (parameters) => {
    expect((await ask('POST', `/$upload?${parameters}`)).status).toBeGreaterThanOrEqual(400)
    expect((await ask('POST', '/$upload?size=5', { authorization: tokens.viewer ?? '' })).status).toBe(403)
  },
)
