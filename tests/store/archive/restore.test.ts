import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Resource } from '../../../src/fhir/definitions.ts'
import { headOf } from '../../../src/store/archive/head.ts'
import { restoreTenant } from '../../../src/store/archive/restore.ts'
import { archiveRecords } from '../../../src/store/archive/stream.ts'
import { entriesOf, getOne, manyNotes, put, randomFiller, remove } from '../drafts.ts'
import { type Engines, startEngines } from '../engines.ts'
import { movableClock, sending } from '../faults.ts'
import { recordsOf } from '../stream-records.ts'
import { wholeTable } from '../whole.ts'

let engines: Engines
beforeAll(async () => {
  engines = await startEngines()
})
afterAll(() => engines?.stop())

const entriesOfResource = ({ resourceType: type, id = '', code, date }: Resource) =>
  entriesOf({ type, id, code: String(code), date: String(date) })

type Item = Record<string, unknown>

const itemsIn = async ({ clients, tables }: Engines, tenant: string): Promise<Item[]> => {
  const items = await wholeTable<Item>(clients, tables.resources)
  return items
    .filter(({ pk }) => String(pk).startsWith(`${tenant}|`))
    .sort((a, b) => (`${a.pk}${a.sk}` < `${b.pk}${b.sk}` ? -1 : 1))
}

/** An item's attributes that belong to the tables it is in: the write, and what follows from it. */
const ofTheWrite = ['w', 's3', 'defs', 'by', 'txn', 'next']

const carried = (item: Item): Item =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !ofTheWrite.includes(name)))

test('an item that comes back has every attribute that it had, but those of its write', async () => {
  const tenant = 'attributes'
  const store = engines.openStore(tenant)
  const key = { type: 'Basic', id: 'b' }
  await store.commit([put({ ...key, code: 'one' })])
  await store.commit([put({ ...key, code: 'two' }, await getOne(store, key))])
  const last = await getOne(store, key)
  if (last) await store.commit([remove(last)])
  await store.commit(manyNotes(130, 'n').map((note) => put(note)))
  await store.commit([put({ type: 'Group', id: 'large', code: 'x', filler: randomFiller(500_000) })])
  await archiveRecords(await recordsOf(engines, tenant), engines.archive)
  const other = await startEngines()
  await restoreTenant(other.place, engines.archive, tenant, entriesOfResource)
  const [before, after] = [await itemsIn(engines, tenant), await itemsIn(other, tenant)]
  expect(before.length).toBe(134)
  expect(after.map(carried)).toEqual(before.map(carried))
  const [restored] = after
  expect(Object.keys(restored ?? {})).toEqual(expect.arrayContaining(['v', 't', 'method', 'tsk', 'dsk']))
  await other.stop()
})

test('a head has every attribute of a version but its text and its write', async () => {
  const store = engines.openStore('attributes')
  const version = await getOne(store, { type: 'Group', id: 'large' })
  if (!version) throw new Error('The version is gone.')
  const { w: _, text: __, ...rest } = version
  expect(headOf(version)).toEqual(rest)
})

test('a table that is at its limit for a while only delays a restore', async () => {
  const tenant = 'limited'
  const store = engines.openStore(tenant)
  await store.commit(manyNotes(30, 'n').map((note) => put(note)))
  await archiveRecords(await recordsOf(engines, tenant), engines.archive)
  const other = await startEngines()
  let refused = 0
  const clients = sending(other.clients, (call, send) => {
    if (call.constructor.name !== 'BatchWriteCommand' || refused >= 12) return send()
    refused++
    const { RequestItems } = call.input as { RequestItems: object }
    return Promise.resolve({ UnprocessedItems: RequestItems }) as ReturnType<typeof send>
  })
  const clock = { ...movableClock(), sleep: async () => {} }
  const place = { ...other.place, clients, clock }
  expect(await restoreTenant(place, engines.archive, tenant, entriesOfResource)).toBe(30)
  expect(refused).toBe(12)
  expect((await itemsIn(other, tenant)).length).toBe(30)
  await other.stop()
})
