import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { door } from '../../src/handlers/door/door.ts'
import { askDoor, eventOf, type Server, startServer } from '../handlers/caller.ts'

let server: Server
let free: ReturnType<typeof door>
beforeAll(async () => {
  server = await startServer({ DELETION_OF_REFERRED: 'refuse' })
  free = door(server.engines, { LOG_LEVEL: 'OFF' })
})
afterAll(() => server?.stop())
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)

type Json = Record<string, unknown>
const put = (resource: { resourceType: string; id: string } & Json) =>
  ask('PUT', `/${resource.resourceType}/${resource.id}`, { body: resource })
const patient = (id: string) => ({ resourceType: 'Patient', id })
const observation = (id: string, subject: string, more: Json = {}) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: 'x' },
  subject: { reference: subject },
  ...more,
})
const statusOf = async (path: string) => (await ask('GET', path)).status
const putting = (resource: { resourceType: string; id: string } & Json) => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
})
const deleting = (url: string) => ({ request: { method: 'DELETE', url } })
const transact = (...entry: object[]) =>
  ask('POST', '/', { body: { resourceType: 'Bundle', type: 'transaction', entry } })

describe('what is referred to', () => {
  test('is not deleted, and the answer names who refers to it', async () => {
    await put(patient('p1'))
    for (const id of ['o1', 'o2']) await put(observation(id, 'Patient/p1'))
    const told = await ask('DELETE', '/Patient/p1')
    expect([told.status, told.json.issue[0].details.coding[0].code]).toEqual([409, 'conflict'])
    expect(told.json.issue[0].diagnostics).toMatch(/`Observation\/o[12]`, `Observation\/o[12]`\. Delete/)
    expect(await statusOf('/Patient/p1')).toBe(200)
    for (const id of ['o1', 'o2']) expect((await ask('DELETE', `/Observation/${id}`)).status).toBe(204)
    expect((await ask('DELETE', '/Patient/p1')).status).toBe(204)
  })

  test('is told up to a bound', async () => {
    await put(patient('p2'))
    await transact(...Array.from({ length: 15 }, (_, i) => putting(observation(`many${i}`, 'Patient/p2'))))
    const { json } = await ask('DELETE', '/Patient/p2')
    expect(json.issue[0].diagnostics.match(/`Observation\//g)).toHaveLength(10)
    expect(json.issue[0].diagnostics).toContain('and others')
  })

  test('is found whatever the parameter and however the link is written', async () => {
    await put({ resourceType: 'Organization', id: 'org', name: 'A' })
    await put({
      resourceType: 'Organization',
      id: 'part',
      name: 'B',
      partOf: { reference: 'Organization/org' },
    })
    expect((await ask('DELETE', '/Organization/org')).status).toBe(409)
    await put({ resourceType: 'Practitioner', id: 'dr' })
    await put({
      ...observation('abs', 'https://api.example.org/fhir/Patient/p2'),
      performer: [{ reference: 'https://api.example.org/fhir/Practitioner/dr' }],
    })
    expect((await ask('DELETE', '/Practitioner/dr')).status).toBe(409)
  })

  test('is deleted with those who refer to it, or once they do no more', async () => {
    await put(patient('p3'))
    await put(observation('o3', 'Patient/p3'))
    await put(observation('o4', 'Patient/p3'))
    const kept = await transact(deleting('Patient/p3'), deleting('Observation/o3'))
    expect([kept.status, kept.json.issue[0].expression]).toEqual([409, ['Bundle.entry[0]']])
    expect(await statusOf('/Observation/o3')).toBe(200)
    await put(patient('p4'))
    const gone = await transact(
      deleting('Patient/p3'),
      deleting('Observation/o3'),
      putting(observation('o4', 'Patient/p4')),
    )
    expect(gone.status).toBe(200)
    expect(await statusOf('/Patient/p3')).toBe(410)
  })

  test('is deleted where it refers to itself, or only one of its versions is referred to', async () => {
    await put({ ...patient('self'), link: [{ other: { reference: 'Patient/self' }, type: 'seealso' }] })
    expect((await ask('DELETE', '/Patient/self')).status).toBe(204)
    await ask('PUT', '/Patient/version', {
      body: patient('version'),
      headers: {
        'X-Provenance': JSON.stringify({
          resourceType: 'Provenance',
          recorded: '2026-01-01T00:00:00Z',
          agent: [{ who: { display: 'somebody' } }],
        }),
      },
    })
    expect((await ask('DELETE', '/Patient/version')).status).toBe(204)
  })

  test('is kept from a conditional deletion of several too', async () => {
    for (const id of ['m1', 'm2']) await put({ ...patient(id), active: true, gender: 'other' })
    await put(observation('m', 'Patient/m2'))
    const told = await ask('DELETE', '/Patient?gender=other&_count=10')
    expect([told.status, told.json.issue.length]).toEqual([409, 1])
    expect(await statusOf('/Patient/m1')).toBe(200)
  })

  test('may be deleted where the deployment says nothing', async () => {
    await put(patient('free'))
    await put(observation('free', 'Patient/free'))
    expect((await askDoor(free, eventOf('DELETE', '/Patient/free'))).status).toBe(204)
    expect((await put(observation('free', 'Patient/free', { issued: '2026-01-01T00:00:00Z' }))).status).toBe(
      200,
    )
  })
})

test('what is deleted cannot be referred to, what never was can', async () => {
  await put(patient('late'))
  await ask('DELETE', '/Patient/late')
  const told = await put(observation('late', 'Patient/late'))
  expect([told.status, told.json.issue[0].expression]).toEqual([409, ['Observation.subject.reference']])
  expect((await put(observation('late', 'Patient/never'))).status).toBe(201)
  const both = await transact(deleting('Patient/p4'), putting(observation('both', 'Patient/p4')))
  expect([both.status, both.json.issue[0].expression]).toEqual([
    409,
    ['Bundle.entry[1].resource.subject.reference'],
  ])
})

test('refuses more deletions at once than it can look after', async () => {
  const told = await transact(...(await several(101)))
  expect([told.status, told.json.issue[0].details.coding[0].code]).toEqual([403, 'too-costly'])
})

const several = async (count: number) => {
  const ids = Array.from({ length: count }, (_, i) => `del${i}`)
  await transact(...ids.map((id) => putting({ resourceType: 'Basic', id, code: { text: 'x' } })))
  return ids.map((id) => deleting(`Basic/${id}`))
}

test.each([
  ['one reference', 24, 1],
  ['a large transaction', 6, 120],
])(
  'whoever wins a race between a deletion and %s, nothing is left dangling',
  async (name, rounds, entries) => {
    const other = door(server.engines, { LOG_LEVEL: 'OFF', DELETION_OF_REFERRED: 'refuse' })
    const outcomes: string[] = []
    for (let round = 0; round < rounds; round++) {
      const id = `race${entries}-${round}`
      await put(patient(id))
      const refer = () =>
        transact(
          ...Array.from({ length: entries }, (_, i) => putting(observation(`${id}-${i}`, `Patient/${id}`))),
        )
      const pause = new Promise((resolve) => setTimeout(resolve, Math.random() * 30))
      const [referred, deleted] = await Promise.all([
        round % 2 === 0 ? refer() : pause.then(refer),
        round % 2 === 0
          ? pause.then(() => askDoor(other, eventOf('DELETE', `/Patient/${id}`)))
          : askDoor(other, eventOf('DELETE', `/Patient/${id}`)),
      ])
      const there = [await statusOf(`/Patient/${id}`), await statusOf(`/Observation/${id}-0`)]
      outcomes.push([referred.status, deleted.status].join())
      expect(['200,200', '410,404', '200,404'], `${name}: ${outcomes.at(-1)}`).toContain(there.join())
      if (there[0] === 410) expect(deleted.status).toBe(204)
      if (there[1] === 200) expect(referred.status).toBe(200)
    }
    expect(
      outcomes.every((outcome) => /^(200,409|409,204|409,409)$/.test(outcome)),
      outcomes.join(' '),
    ).toBe(true)
  },
  60_000,
)
