import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Store, Version } from '../../src/store/port.ts'
import { type Engines, startEngines } from '../store/engines.ts'
import {
  beside,
  eightWorkers,
  faultsIn,
  type Ledger,
  newLedger,
  pick,
  readOften,
  rewriters,
  transact,
} from './attacks/writers.ts'
import { type Known, putAll, searchPage } from './hospital.ts'

/** Searches beside writers; `npm run test:long -- change` makes so many more. */
const searches = Number(process.env.CHANGE_SEARCHES ?? 25)
const resources = Number(process.env.CHANGE_RESOURCES ?? 60)
const pages = Number(process.env.CHANGE_PAGES ?? 8)
const pageSize = Number(process.env.CHANGE_PAGE_SIZE ?? 50)
/** Writers of the tests that are about many; three of them keep two cores busy. */
const writers = Number(process.env.CHANGE_WRITERS ?? 3)

vi.setConfig({ testTimeout: 60_000 + searches * 5_000 })

let engines: Engines
beforeAll(async () => {
  engines = await startEngines()
})
afterAll(() => engines?.stop())

const identifier = [{ system: 'urn:group', value: 'x' }]
const observation = (id: string, more: object = {}): Known => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
  identifier,
  ...more,
})

/** Returns the faults of many searches, made by several readers; they go on until the writers have committed enough. */
const search = async (
  store: (at: number) => Store,
  ledger: Ledger,
  url: string,
  count: number,
  faultsOf: (matches: readonly Version[], included: readonly Version[]) => readonly string[],
): Promise<string[]> => {
  const faults: string[] = []
  await readOften(ledger, { times: count, commits: count / 5 }, async (at) => {
    const { matches, included } = await searchPage(store(at), url)
    faults.push(...faultsOf(matches, included))
  })
  return faults
}

/** No stream clears superseded entries here, and a page reads 20,000: each round has a store of its own. */
const searchesInRound = 100

test('no search shows half of a transaction, leaves out what always matched, or shows anything twice', async () => {
  const ids = Array.from({ length: resources }, (_, n) => `o${n}`)
  let commits = 0
  for (let left = searches; left > 0; left -= searchesInRound) {
    const store = eightWorkers(engines)
    const ledger = newLedger()
    await putAll(
      store(0),
      ids.map((id) => observation(id)),
      '2026-10-01T00:00:00.000Z',
    )
    await beside(
      rewriters(writers, store, ledger, ids, (_, id) => observation(id)),
      async () => {
        const faults = await search(
          store,
          ledger,
          'Observation?identifier=urn:group|x&_count=1000',
          Math.min(left, searchesInRound),
          (matches) => [
            ...faultsIn(ledger, matches),
            ...(matches.length === resources ? [] : [`${matches.length} of ${resources} were found`]),
          ],
        )
        expect(faults).toEqual([])
      },
    )
    commits += ledger.commits
  }
  expect(commits).toBeGreaterThan(searches / 5)
})

test('no page shows half of a transaction, less than it may hold, or anything twice', async () => {
  const store = eightWorkers(engines)
  const ledger = newLedger()
  const ids = Array.from({ length: pageSize + 30 }, (_, n) => `o${n}`)
  await putAll(
    store(0),
    ids.map((id) => observation(id)),
    '2026-10-01T00:00:00.000Z',
  )
  await beside(
    rewriters(writers, store, ledger, ids, (_, id) => observation(id)),
    async () => {
      const faults = await search(
        store,
        ledger,
        `Observation?identifier=urn:group|x&_count=${pageSize}`,
        pages,
        (matches) => [
          ...faultsIn(ledger, matches),
          ...(matches.length === pageSize ? [] : [`${matches.length} of ${pageSize} were found`]),
        ],
      )
      expect(faults).toEqual([])
    },
  )
  expect(ledger.commits).toBeGreaterThan(0)
})

test('a patient who is rewritten all the time is found by each search', async () => {
  const store = eightWorkers(engines)
  const ledger = newLedger()
  const patient = (): Known => ({ resourceType: 'Patient', id: 'p', identifier })
  await putAll(store(0), [patient()], '2026-10-01T00:00:00.000Z')
  const writer = (at: number) => () => transact(store(at), ledger, [{ type: 'Patient', id: 'p' }], patient)
  await beside([writer(0), writer(1)], async () => {
    const faults = await search(store, ledger, 'Patient?identifier=urn:group|x', searches * 4, (matches) =>
      matches.length === 1 ? [] : [`${matches.length} were found`],
    )
    expect(faults).toEqual([])
  })
  expect(ledger.commits).toBeGreaterThan(searches / 5)
})

test('of two resources that change places just one is found', async () => {
  const store = eightWorkers(engines)
  const ledger = newLedger()
  const ids = ['a', 'b', 'c', 'd']
  const status = (before: Version | undefined) => JSON.parse(before?.text ?? '{}').status
  await putAll(
    store(0),
    ids.map((id, n) => observation(id, { status: n % 2 ? 'final' : 'amended' })),
    '2026-10-01T00:00:00.000Z',
  )
  const writer = (at: number, keys: readonly string[]) => () =>
    transact(
      store(at),
      ledger,
      keys.map((id) => ({ type: 'Observation', id })),
      (before, id) => observation(id, { status: status(before) === 'final' ? 'amended' : 'final' }),
    )
  await beside([writer(0, ['a', 'b']), writer(1, ['c', 'd'])], async () => {
    const faults = await search(store, ledger, 'Observation?status=final', searches * 4, (matches) => {
      const found = matches
        .map(({ id }) => id)
        .sort()
        .join()
      return /^[ab],[cd]$/.test(found) ? [] : [found]
    })
    expect(faults).toEqual([])
  })
  expect(ledger.commits).toBeGreaterThan(searches / 5)
})

test('what is included is of no transaction of which the matches show nothing', async () => {
  const store = eightWorkers(engines)
  const ledger: Ledger = newLedger()
  const ids = Array.from({ length: 12 }, (_, n) => `o${n}`)
  const patients = Array.from({ length: 4 }, (_, n) => `p${n}`)
  const link = () => ({ subject: { reference: `Patient/${pick(patients, 1)[0]}` } })
  const make = (id: string): Known | undefined => {
    if (id.startsWith('p')) return { resourceType: 'Patient', id }
    return observation(id, { ...link(), ...(Math.random() < 0.3 && { identifier: [] }) })
  }
  await putAll(
    store(0),
    [...patients, ...ids].map((id) => make(id) as Known),
    '2026-10-01T00:00:00.000Z',
  )
  const key = (id: string) => ({ type: id.startsWith('p') ? 'Patient' : 'Observation', id })
  const writer = (at: number) => () =>
    transact(store(at), ledger, [...pick(ids, 2), ...pick(patients, 2)].map(key), (_, id) => make(id))
  await beside([writer(0), writer(1)], async () => {
    const url = 'Observation?identifier=urn:group|x&_include=Observation:subject&_count=100'
    const faults = await search(store, ledger, url, searches * 2, (matches, included) =>
      faultsIn(ledger, [...matches, ...included]),
    )
    expect(faults).toEqual([])
  })
  expect(ledger.commits).toBeGreaterThan(searches / 5)
})
