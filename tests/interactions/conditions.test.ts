import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startServer } from '../handlers/caller.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)

const patient = (value: string, more: object = {}) => ({
  resourceType: 'Patient',
  identifier: [{ system: 'urn:mrn', value }],
  ...more,
})
const transact = (...entry: object[]) =>
  ask('POST', '/', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
const count = async (value: string): Promise<number> => {
  const { json } = await ask('GET', `/Patient?identifier=${encodeURIComponent(value)}`)
  return json.total ?? (json.entry ?? []).length
}
const said = ({ json }: { json: { issue?: { diagnostics: string }[] } }) => json.issue?.[0]?.diagnostics

describe('a conditional update that matches nothing', () => {
  test('is refused where the id that it carries is in use, and changes nothing', async () => {
    await ask('PUT', '/Patient/taken', { body: patient('t1', { id: 'taken' }) })
    const told = await ask('PUT', '/Patient?identifier=urn:mrn|t2', { body: patient('t2', { id: 'taken' }) })
    expect(told.status).toBe(409)
    expect(said(told)).toContain('`Patient/taken` exists and is another resource')
    const { json } = await ask('GET', '/Patient/taken')
    expect([json.meta.versionId, json.identifier[0].value]).toEqual(['1', 't1'])
  })

  test('is refused in a transaction, of which nothing is done then', async () => {
    await ask('PUT', '/Patient/taken2', { body: patient('t3', { id: 'taken2' }) })
    const told = await transact(
      { resource: patient('beside'), request: { method: 'POST', url: 'Patient' } },
      {
        resource: patient('t4', { id: 'taken2' }),
        request: { method: 'PUT', url: 'Patient?identifier=urn:mrn|t4' },
      },
    )
    expect([told.status, told.json.issue[0].expression]).toEqual([409, ['Bundle.entry[1]']])
    expect([await count('beside'), await count('t4')]).toEqual([0, 0])
  })

  test('in a batch fails alone', async () => {
    await ask('PUT', '/Patient/taken3', { body: patient('t5', { id: 'taken3' }) })
    const entry = [
      { resource: patient('b1'), request: { method: 'POST', url: 'Patient' } },
      {
        resource: patient('b2', { id: 'taken3' }),
        request: { method: 'PUT', url: 'Patient?identifier=urn:mrn|b2' },
      },
    ]
    const { json } = await ask('POST', '/', { body: { resourceType: 'Bundle', type: 'batch', entry } })
    const statuses = json.entry.map((each: { response: { status: string } }) => each.response.status)
    expect(statuses.map((status: string) => status.slice(0, 3))).toEqual(['201', '409'])
  })

  test('creates under an id that is free, or whose resource was deleted', async () => {
    const once = await ask('PUT', '/Patient?identifier=urn:mrn|f1', { body: patient('f1', { id: 'free' }) })
    expect([once.status, once.json.id]).toEqual([201, 'free'])
    const again = await ask('PUT', '/Patient?identifier=urn:mrn|f1', { body: patient('f1', { id: 'free' }) })
    expect(again.status).toBe(200)
    await ask('DELETE', '/Patient/free')
    const revived = await ask('PUT', '/Patient?identifier=urn:mrn|f2', {
      body: patient('f2', { id: 'free' }),
    })
    expect([revived.status, revived.json.id]).toEqual([201, 'free'])
  })
})

describe('a plus sign in a condition', () => {
  const value = 'B4E7-444+0800'

  test.each([
    'identifier=B4E7-444+0800',
    'identifier=urn:mrn|B4E7-444+0800',
    '_lastUpdated=gt2000&identifier=B4E7-444+0800',
  ])('that means itself is refused with its remedy: `%s` in a header and in a Bundle', async (condition) => {
    const alone = await ask('POST', '/Patient', {
      body: patient(value),
      headers: { 'if-none-exist': condition },
    })
    const inBundle = await transact({
      resource: patient(value),
      request: { method: 'POST', url: 'Patient', ifNoneExist: condition },
    })
    const inAddress = await transact({
      resource: patient(value),
      request: { method: 'PUT', url: `Patient?${condition}` },
    })
    for (const told of [alone, inBundle, inAddress]) {
      expect(told.status).toBe(400)
      expect(said(told)).toContain('B4E7-444%2B0800')
    }
    expect(await count(value)).toBe(0)
  })

  test('is refused in the address of a conditional update', async () => {
    const told = await ask('PUT', `/Patient?identifier=${value}`, { body: patient(value) })
    expect([told.status, await count(value)]).toEqual([400, 0])
  })

  test('written as `%2B` is matched, and makes one resource however often it is sent', async () => {
    const headers = { 'if-none-exist': 'identifier=C4E7-444%2B0800' }
    const first = await ask('POST', '/Patient', { body: patient('C4E7-444+0800'), headers })
    const second = await ask('POST', '/Patient', { body: patient('C4E7-444+0800'), headers })
    expect([first.status, second.status, await count('C4E7-444+0800')]).toEqual([201, 200, 1])
  })

  test('that means a space is one, also beside a plus sign that means itself', async () => {
    const person = (family: string) => patient('plus+1', { name: [{ family }] })
    const right = await ask('POST', '/Patient', {
      body: person('van der Berg'),
      headers: { 'if-none-exist': 'family=van+der+Berg&identifier=plus%2B1' },
    })
    expect(right.status).toBe(201)
    const wrong = await ask('POST', '/Patient', {
      body: person('van der Berg'),
      headers: { 'if-none-exist': 'family=van+der+Berg&identifier=plus+1' },
    })
    expect([wrong.status, said(wrong)?.includes('identifier=plus%2B1')]).toEqual([400, true])
  })

  test('in a conditional reference that finds nothing is named', async () => {
    await ask('POST', '/Patient', { body: patient('D1+1') })
    const observation = (reference: string) => ({
      resource: { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: { reference } },
      request: { method: 'POST', url: 'Observation' },
    })
    const wrong = await transact(observation('Patient?identifier=D1+1'))
    expect(wrong.status).toBeGreaterThanOrEqual(400)
    expect(said(wrong)).toContain('%2B')
    expect((await transact(observation('Patient?identifier=D1%2B1'))).status).toBe(200)
  })
})
