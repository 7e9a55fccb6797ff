import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)

const basic = (text: string) => ({ resourceType: 'Basic', code: { text } })
const create = (key: string, text: string) =>
  ask('POST', '/Basic', { headers: { 'Idempotency-Key': key }, body: basic(text) })
const count = async (text: string) => (await ask('GET', `/Basic?code:text=${text}&_summary=count`)).json.total
const bundle = (type: string, ...texts: string[]) => ({
  resourceType: 'Bundle',
  type,
  entry: texts.map((text) => ({ resource: basic(text), request: { method: 'POST', url: 'Basic' } })),
})
const post = (key: string, body: object) => ask('POST', '/', { headers: { 'Idempotency-Key': key }, body })
const locations = ({ json }: { json: { entry: { response: { location: string } }[] } }) =>
  json.entry.map(({ response }) => response.location)

describe('a request under an Idempotency-Key', () => {
  test('is done once and answered the same each time', async () => {
    const [first, second] = [await create('a', 'once'), await create('a', 'once')]
    expect([first.status, second.status]).toEqual([201, 201])
    expect(second.headers.Location).toBe(first.headers.Location)
    expect(second.text).toBe(first.text)
    expect(await count('once')).toBe(1)
  })

  test('is refused where the key was another request’s', async () => {
    const told = await create('a', 'another')
    expect([told.status, told.json.issue[0].code]).toEqual([409, 'conflict'])
    expect(await count('another')).toBe(0)
  })

  test('may be tried anew where it was refused', async () => {
    const refused = await ask('POST', '/Basic', {
      headers: { 'Idempotency-Key': 'b' },
      body: { resourceType: 'Basic', cod: 1 },
    })
    expect(refused.status).toBe(400)
    expect((await create('b', 'anew')).status).toBe(201)
  })

  test('is done once however often it comes at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => create('c', 'race')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    expect(new Set(answers.map(({ headers }) => headers.Location)).size).toBe(1)
    expect(await count('race')).toBe(1)
  })

  test.each(['transaction', 'batch'])('may be a %s', async (type) => {
    const body = bundle(type, `${type}-x`, `${type}-y`)
    const [first, second] = [await post(type, body), await post(type, body)]
    expect(locations(second)).toEqual(locations(first))
    expect([await count(`${type}-x`), await count(`${type}-y`)]).toEqual([1, 1])
  })

  test('may be larger than one call of DynamoDB', async () => {
    const body = bundle('transaction', ...Array.from({ length: 150 }, () => 'many'))
    const [first, second] = [await post('large', body), await post('large', body)]
    expect(locations(second)).toEqual(locations(first))
    expect(await count('many')).toBe(150)
  })

  test.each(['x'.repeat(256), 'with space', ''])('is refused with the key `%s`', async (key) => {
    expect((await create(key, 'bad')).status).toBe(400)
  })
})
