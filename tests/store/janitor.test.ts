import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepSuperseded } from '../../src/store/dynamo/index/superseded.ts'
import { openSession } from '../../src/store/dynamo/open.ts'
import { openDueSweep } from '../../src/store/janitor.ts'
import { valueList } from '../../src/store/keys.ts'
import { entriesOf, getOne, liveIds, put, readList } from './drafts.ts'
import { type Engines, startEngines } from './engines.ts'

let engines: Engines
beforeAll(async () => {
  engines = await startEngines()
})
afterAll(() => engines?.stop())

test('the daily sweep removes entries that are due where nothing is written any more, and no others', async () => {
  const tenant = 'quiet'
  const store = engines.openStore(tenant)
  const note = { type: 'Observation', id: 'quiet', code: 'old' }
  await store.commit([put(note)])
  const first = await getOne(store, note)
  await store.commit([put({ ...note, code: 'new' }, first)])
  const list = valueList('Observation', 'code', 'old')
  const sweep = openDueSweep(
    engines.place,
    engines.archive,
    () =>
      ({ resourceType: type, id = '', code }) =>
        entriesOf({ type, id, code: String(code) }),
  )
  const keep = (due: number) => keepSuperseded(openSession(engines.place)(tenant), first ? [first] : [], due)
  await keep(Date.now() + 600_000)
  expect(await sweep(tenant)).toBe(0)
  expect(await readList(store, list)).toHaveLength(1)
  await keep(Date.now() - 600_000)
  expect(await sweep(tenant)).toBeGreaterThan(0)
  expect(await readList(store, list)).toEqual([])
  expect(await liveIds(store, 'Observation', valueList('Observation', 'code', 'new'))).toEqual(['quiet'])
})
