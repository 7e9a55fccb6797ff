import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Resource } from '../../src/fhir/definitions.ts'
import { indexEntriesOf } from '../../src/search/index/entries.ts'
import { readAll } from '../../src/store/dynamo/batch.ts'
import { openSession, openStore } from '../../src/store/dynamo/open.ts'
import { statesOf } from '../../src/store/dynamo/transaction/record.ts'
import { openTransactions } from '../../src/store/dynamo/transaction/registry.ts'
import { currentKey } from '../../src/store/keys.ts'
import type { Write } from '../../src/store/port.ts'
import { newWriteId } from '../../src/store/write-ids.ts'
import { type Server, startServer } from '../handlers/caller.ts'
import { failingAt, isRecord, movableClock } from '../store/faults.ts'
import { wholePartition, wholeTable } from '../store/whole.ts'

type Item = Record<string, unknown> & { pk: string; sk: string; ids: string[] }

let server: Server
const ask = (...asking: Parameters<Server['ask']>) => server.ask(...asking)
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const send = (command: unknown) => server.engines.clients.dynamo.send(command as never) as Promise<never>
const table = () => server.engines.tables.search
const itemsOf = (pk: string): Promise<Item[]> => wholePartition(server.engines.clients, table(), pk)
const allItems = (): Promise<Item[]> => wholeTable(server.engines.clients, table())
const drop = ({ pk, sk }: Item) => send(new DeleteCommand({ TableName: table(), Key: { pk, sk } }))
const put = (item: object) => send(new PutCommand({ TableName: table(), Item: item as Item }))

/** A superseded version's entries are left alone for two minutes, by the clock of the database. */
const inThreeMinutes = async <T>(work: () => Promise<T>): Promise<T> => {
  const { clients } = server.engines
  const { heard } = clients
  clients.heard = () => {
    const last = heard?.()
    return last && { ...last, date: last.date + 180_000 }
  }
  try {
    return await work()
  } finally {
    if (heard) clients.heard = heard
  }
}

const observation = (id: string, patient: string, more: object = {}) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
  subject: { reference: `Patient/${patient}` },
  effectivePeriod: { start: '2026-01-01', end: '2026-03-01' },
  ...more,
})

const transaction = (...resources: { resourceType: string; id: string }[]) =>
  ask('POST', '/', {
    body: {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: resources.map((resource) => ({
        resource,
        request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
      })),
    },
  })

interface Report {
  missing: number
  wrong: number
  stale: number
  young: number
  lists: string[]
}

/** Asks until there is no more to look through. */
const check = async (path: string, method = 'GET', query = ''): Promise<Report> => {
  const report: Report = { missing: 0, wrong: 0, stale: 0, young: 0, lists: [] }
  let cursor = ''
  do {
    const { status, json, text } = await ask(method, `/${path}/$check-index?${query}${cursor}`)
    expect(status, text).toBe(200)
    const parameters = json.parameter as {
      name: string
      valueUnsignedInt?: number
      valueString?: string
      part?: { valueString: string }[]
    }[]
    for (const name of ['missing', 'wrong', 'stale', 'young'] as const)
      report[name] += parameters.find((each) => each.name === name)?.valueUnsignedInt ?? 0
    report.lists.push(
      ...parameters.filter(({ name }) => name === 'list').map(({ part }) => part?.[0]?.valueString ?? ''),
    )
    const next = parameters.find(({ name }) => name === 'cursor')?.valueString
    cursor = next === undefined ? '' : `&cursor=${next}`
  } while (cursor !== '')
  return report
}

const healthy = { missing: 0, wrong: 0, stale: 0, lists: [] }
const repair = (path: string) => check(path, 'POST', 'repair=true')

/** Takes away the entries of superseded versions, which wait for searches that may need them. */
const clearSuperseded = async () => {
  await inThreeMinutes(() => repair('Observation'))
}

test('an index that is as the resources say is found to be so', async () => {
  await ask('PUT', '/Patient/ann', {
    body: { resourceType: 'Patient', id: 'ann', name: [{ family: 'Ash' }] },
  })
  await ask('PUT', '/Observation/alone', { body: observation('alone', 'ann') })
  await transaction(observation('t1', 'ann'), observation('t2', 'ann'), observation('t3', 'bob'))
  await ask('PUT', '/Observation/t1', { body: observation('t1', 'ann', { status: 'amended' }) })
  await ask('DELETE', '/Observation/t3')
  for (const path of ['Observation', 'Patient', 'Patient/ann', 'Observation/t1'])
    expect(await check(path), path).toMatchObject(healthy)
})

test('every item that is lost is found missing and put back as it was', async () => {
  await clearSuperseded()
  const before = (await allItems()).filter(({ pk }) => pk.includes('Observation') || pk.includes('patient|'))
  expect(before.length).toBeGreaterThan(10)
  for (const item of before) await drop(item)
  const found = await check('Observation')
  expect(found).toMatchObject({ wrong: 0, stale: 0 })
  expect(found.missing).toBeGreaterThanOrEqual(before.length)
  expect(found.lists).toContain('Observation|code|8867-4')
  expect((await repair('Observation')).missing).toBe(found.missing)
  expect(await check('Observation')).toMatchObject(healthy)
  const living = (items: Item[]) =>
    items.map(({ pk, sk, ids, dead }) => [pk, sk, ids.filter((id) => !(dead as Set<string>)?.has(id)).sort()])
  const after = (await allItems()).filter(({ pk }) => pk.includes('Observation') || pk.includes('patient|'))
  expect(living(after)).toEqual(living(before))
  const { json } = await ask('GET', '/Observation?patient=ann&code=8867-4')
  expect(json.entry).toHaveLength(3)
})

test('what is inside of a resource is in the index, is checked and is put back', async () => {
  const inside = (id: string) => ({
    resourceType: 'Device',
    id,
    status: 'active',
    patient: { reference: 'Patient/zoe' },
  })
  const around = {
    contained: [inside('d1'), inside('d2')],
    device: { reference: '#d1' },
    focus: [{ reference: '#d2' }],
  }
  const found = async () =>
    (await ask('GET', '/Device?_contained=true&_containedType=contained&patient=zoe')).json.total
  await ask('PUT', '/Observation/around', { body: observation('around', 'ann', around) })
  await transaction(observation('around2', 'ann', around), observation('around3', 'ann', around))
  expect(await found()).toBe(6)
  for (const path of ['Observation', 'Device', 'Patient/zoe'])
    expect(await check(path), path).toMatchObject(healthy)
  const before = (await allItems()).filter(({ pk }) => /^main\|#(Device|patient\|zoe)/.test(pk))
  expect(before.length).toBeGreaterThan(8)
  for (const item of before) await drop(item)
  expect(await found()).toBe(0)
  expect((await repair('Observation')).missing).toBeGreaterThan(before.length)
  expect(await found()).toBe(6)
  expect(await check('Observation')).toMatchObject(healthy)
  const one = before.find(
    ({ pk, ids }) => pk.startsWith('main|#Device|status|') && ids.includes('#Observation/around#d1'),
  )
  await put({ ...(one as Item), pk: 'main|#Device|status|gone|0', ids: ['#Observation/around#d1'] })
  expect((await check('Device')).stale).toBe(1)
  await repair('Device')
  expect(await check('Device')).toMatchObject(healthy)
  for (const id of ['around', 'around2', 'around3']) await ask('DELETE', `/Observation/${id}`)
  await inThreeMinutes(() => repair('Device'))
  expect((await allItems()).filter(({ pk }) => pk.startsWith('main|#Device'))).toEqual([])
})

test('what is lost of a patient’s compartment is found and put back by a check of the patient', async () => {
  for (const item of await itemsOf('main|patient|ann|0')) await drop(item)
  expect((await ask('GET', '/Observation?patient=ann')).json.entry ?? []).toHaveLength(0)
  expect((await check('Patient/ann')).missing).toBeGreaterThan(0)
  await repair('Patient/ann')
  expect(await check('Patient/ann')).toMatchObject(healthy)
  expect((await ask('GET', '/Observation?patient=ann')).json.entry).toHaveLength(3)
})

test.each([
  [
    'an upper bound that is wrong',
    (item: Item) => ({ ...item, highs: item.ids.map(() => '2020-01-01T00:00:00.000Z') }),
  ],
  ['an id that is left out', (item: Item) => ({ ...item, ids: ['somebody'] })],
  ['an id that is marked as dead', (item: Item) => ({ ...item, dead: new Set(item.ids) })],
])('%s is found and put right', async (_, damage) => {
  await clearSuperseded()
  const [item] = (await itemsOf('main|Observation|0')).concat(
    await itemsOf('main|Observation|1'),
    await itemsOf('main|Observation|2'),
    await itemsOf('main|Observation|3'),
  )
  if (!item) throw new Error('There is no item to damage.')
  await put(damage(item))
  const { missing, wrong } = await check('Observation')
  expect(missing + wrong).toBeGreaterThan(0)
  await repair('Observation')
  await repair('Observation')
  expect(await check('Observation')).toMatchObject(healthy)
})

test('an entry of a write that is not current, and old, is found stale and removed', async () => {
  const [item] = (await allItems()).filter(({ pk }) => pk.startsWith('main|Observation|code|8867-4'))
  if (!item) throw new Error('There is no item to copy.')
  const orphan = {
    ...item,
    sk: `2026-01-01T00:00:00.000Z\u0001${newWriteId(true, Date.now() - 3_600_000)}`,
    ids: ['t2'],
  }
  const nobody = {
    ...orphan,
    sk: `2026-01-02T00:00:00.000Z\u0001${newWriteId(false, Date.now() - 3_600_000)}`,
    ids: ['x', 'y'],
  }
  await put(orphan)
  await put(nobody)
  expect(await check('Observation')).toMatchObject({ missing: 0, wrong: 0, stale: 3 })
  expect(await repair('Observation')).toMatchObject({ stale: 3 })
  expect(await check('Observation')).toMatchObject(healthy)
  const left = await send(
    new GetCommand({ ConsistentRead: true, TableName: table(), Key: { pk: orphan.pk, sk: orphan.sk } }),
  )
  expect((left as { Item?: Item }).Item).toBeUndefined()
})

test('an entry of a write that may still be under way is left alone', async () => {
  await clearSuperseded()
  const [item] = (await allItems()).filter(({ pk }) => pk.startsWith('main|Observation|code|8867-4'))
  if (!item) throw new Error('There is no item to copy.')
  const young = { ...item, sk: `2026-01-01T00:00:00.000Z\u0001${newWriteId(true)}`, ids: ['to-come'] }
  await put(young)
  expect(await repair('Observation')).toMatchObject({ ...healthy, young: 1 })
  expect((await itemsOf(young.pk)).map(({ sk }) => sk)).toContain(young.sk)
  await drop(young)
})

test('what a superseded version left behind is found by a check of its resource', async () => {
  const [item] = (await allItems()).filter(({ ids, pk }) => ids.includes('alone') && pk.includes('|code|'))
  if (!item) throw new Error('There is no item to copy.')
  await ask('PUT', '/Observation/alone', { body: observation('alone', 'ann', { status: 'amended' }) })
  const { young } = await check('Observation/alone')
  expect(young).toBeGreaterThan(1)
  expect(await repair('Observation')).toMatchObject(healthy)
  await inThreeMinutes(async () => {
    expect(await check('Observation/alone')).toMatchObject({ stale: young })
    expect((await check('Observation')).stale).toBeGreaterThanOrEqual(young)
    expect(await repair('Observation/alone')).toMatchObject({ stale: young })
    await repair('Observation')
    expect(await check('Observation')).toMatchObject(healthy)
  })
})

test('nothing is called drift while others write', async () => {
  let writing = true
  let writes = 0
  const writer = async (name: string) => {
    for (let i = 0; writing; i++, writes++) {
      const ids = [0, 1, 2].map((n) => `${name}-${(i + n) % 5}`)
      await transaction(
        ...ids.map((id) => observation(id, 'ann', { status: i % 2 ? 'final' : 'amended', valueInteger: i })),
      )
      await ask('DELETE', `/Observation/${name}-${i % 5}`)
    }
  }
  const writers = [writer('w1'), writer('w2'), writer('w3')]
  const until = Date.now() + 4_000
  while (Date.now() < until)
    for (const path of ['Observation', 'Patient/ann']) expect(await repair(path), path).toMatchObject(healthy)
  writing = false
  await Promise.all(writers)
  expect(writes).toBeGreaterThan(5)
  expect(await check('Observation')).toMatchObject(healthy)
})

test('a check goes on where its cursor says, and is bounded by its count', async () => {
  const first = await ask('GET', '/Observation/$check-index?count=1')
  expect(first.json.parameter.at(-1)).toMatchObject({ name: 'cursor' })
  expect(await check('Observation', 'GET', 'count=1')).toMatchObject(healthy)
})

test.each([
  ['GET', '/Observation/$check-index?repair=true', 'admin', 400],
  ['GET', '/Observation/$check-index?repair=maybe', 'admin', 400],
  ['GET', '/Observation/$check-index?count=0', 'admin', 400],
  ['GET', '/Observation/$check-index?cursor=x', 'admin', 400],
  ['GET', '/Observation/$check-index?colour=red', 'admin', 400],
  ['GET', '/Observation/$check-index', 'clinician', 403],
])('%s %s of %s is answered with %i', async (method, path, groups, expected) => {
  expect((await ask(method, path.replace('#', ''), { groups })).status).toBe(expected)
})

const basic = (name: string, nth: number): Write => {
  const id = `${name}-${nth}`
  const resource = {
    resourceType: 'Basic',
    id,
    code: { coding: [{ system: 'urn:code', code: name }] },
  } as const
  const t = '2026-01-01T00:00:00.000Z'
  const entries = indexEntriesOf(resource as unknown as Resource, t)
  const text = JSON.stringify(resource)
  return {
    type: 'Basic',
    id,
    before: undefined,
    fresh: true,
    v: 1,
    t,
    method: 'POST',
    text,
    entries,
  }
}

/** A writer whose clock is an hour behind dies: what it leaves looks long lost. */
const leaveBehind = async (stop: Parameters<typeof failingAt>[1], name: string): Promise<Write[]> => {
  const clock = movableClock()
  clock.skew(-3_600_000)
  const { place } = server.engines
  const store = openStore({ ...place, clock, clients: failingAt(place.clients, stop) })('main')
  const writes = Array.from({ length: 120 }, (_, nth) => basic(name, nth))
  await expect(store.commit(writes)).rejects.toThrow('stopped')
  return writes
}

const stored = async (writes: readonly Write[]): Promise<number> => {
  const session = openSession(server.engines.place)('main')
  const keys = writes.map((write) => currentKey('main', write))
  return (await readAll(session, server.engines.tables.resources, keys)).length
}

const entriesOfBasics = async (): Promise<Item[]> =>
  (await allItems()).filter(({ pk }) => pk.startsWith('main|Basic|'))

test('of a committed journal that nobody has carried out a repair removes nothing: it carries it out', async () => {
  const writes = await leaveBehind({ after: isRecord }, 'committed')
  const before = await entriesOfBasics()
  expect([before.length > 0, await stored(writes)]).toEqual([true, 0])
  expect(await repair('Basic')).toMatchObject(healthy)
  expect([await entriesOfBasics(), await stored(writes)]).toEqual([before, 120])
  const { json } = await ask('GET', '/Basic?code=urn:code|committed&_summary=count')
  expect(json.total).toBe(120)
})

test('of a journal that was never committed it removes all, and nobody can commit it any more', async () => {
  const writes = await leaveBehind({ before: isRecord }, 'lost')
  const session = openSession(server.engines.place)('main')
  const [{ txn } = { txn: '' }] = (await openTransactions(session)).filter(({ journal }) => journal).slice(-1)
  expect((await repair('Basic')).stale).toBeGreaterThan(0)
  expect((await statesOf(session, [txn])).get(txn)).toBe('aborted')
  expect(await check('Basic')).toMatchObject(healthy)
  expect(await stored(writes)).toBe(0)
})
