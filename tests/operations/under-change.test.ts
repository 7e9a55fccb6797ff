import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { encounterEverythingOperation } from '../../src/operations/everything/encounter-everything.ts'
import { everythingOperation } from '../../src/operations/everything/everything.ts'
import type { Operation } from '../../src/operations/support/operation.ts'
import type { Call, Dispatch, Pairs } from '../../src/request/call.ts'
import type { Store, Version } from '../../src/store/port.ts'
import { storedByAddress } from '../../src/terminology/find.ts'
import {
  beside,
  eightWorkers,
  faultsIn,
  newLedger,
  pick,
  readOften,
  transact,
} from '../search/attacks/writers.ts'
import { base, type Known, putAll } from '../search/hospital.ts'
import { type Engines, startEngines } from '../store/engines.ts'

/** Readings beside writers; `npm run test:long -- everything` makes so many more. */
const readings = Number(process.env.EVERYTHING_READINGS ?? 40)

vi.setConfig({ testTimeout: 60_000 + readings * 5_000 })

let engines: Engines
beforeAll(async () => {
  engines = await startEngines()
})
afterAll(() => engines?.stop())

const practitioners = ['d0', 'd1']
const observations = Array.from({ length: 20 }, (_, n) => `o${n}`)
const ids = ['p', 'e', ...practitioners, ...observations]
const typeOf = (id: string): string =>
  ({ p: 'Patient', e: 'Encounter', d: 'Practitioner' })[id.charAt(0)] ?? 'Observation'

/** A record's resources; an observation moves to another place of the compartment with each change. */
const make = (id: string): Known => {
  const resourceType = typeOf(id)
  if (['Patient', 'Practitioner'].includes(resourceType)) return { resourceType, id }
  const subject = { reference: 'Patient/p' }
  if (resourceType === 'Encounter') return { resourceType, id, status: 'finished', class: {}, subject }
  return {
    resourceType,
    id,
    status: 'final',
    code: {},
    subject,
    encounter: { reference: 'Encounter/e' },
    effectiveDateTime: `20${10 + Math.floor(Math.random() * 15)}-01-01`,
    performer: practitioners.map((each) => ({ reference: `Practitioner/${each}` })),
  }
}

const versionsIn = (text: string): Version[] =>
  (JSON.parse(text).entry ?? []).flatMap(({ resource }: { resource?: Known }) => {
    if (!resource) return []
    const v = Number((resource.meta as { versionId: string }).versionId)
    return [{ type: resource.resourceType, id: resource.id, v, text: JSON.stringify(resource) } as Version]
  })

const ask = async (
  { run }: Operation,
  store: Store,
  type: string,
  id: string,
  query: Pairs,
): Promise<Version[]> => {
  const call = { type, id, query, headers: {}, prefer: { lenient: false }, body: '' } as Partial<Call> as Call
  const context = { store, reader: store, base, now: Date.now } as Partial<Dispatch> as Dispatch
  const { status, text = '' } = await run(call, context)
  expect(status).toBe(200)
  return versionsIn(text)
}

/** Returns the faults of many readings of a record of which four resources are rewritten in each transaction. */
const faultsBeside = async (
  count: number,
  read: (store: Store) => Promise<readonly Version[]>,
): Promise<string[]> => {
  const store = eightWorkers(engines)
  const ledger = newLedger()
  await putAll(store(0), ids.map(make), '2026-10-01T00:00:00.000Z')
  const faults: string[] = []
  const writers = [0, 1, 2].map((at) => () => {
    const keys = pick(ids, 4).map((id) => ({ type: typeOf(id), id }))
    return transact(store(at), ledger, keys, (_, id) => make(id))
  })
  await beside(writers, () =>
    readOften(ledger, { times: count, commits: count / 10 }, async (at) => {
      const shown = await read(store(at))
      const missing = ids.filter((id) => !shown.some((version) => version.id === id))
      faults.push(...faultsIn(ledger, shown), ...missing.map((id) => `${id} is missing`))
    }),
  )
  expect(ledger.commits).toBeGreaterThan(count / 10)
  return faults
}

test('$everything of a patient shows no half of a transaction and leaves nothing out', async () => {
  const faults = await faultsBeside(readings, (store) =>
    ask(everythingOperation, store, 'Patient', 'p', [['_count', '1000']]),
  )
  expect(faults).toEqual([])
})

test('$everything of an encounter shows no half of a transaction and leaves nothing out', async () => {
  const faults = await faultsBeside(readings / 5, (store) =>
    ask(encounterEverythingOperation, store, 'Encounter', 'e', []),
  )
  expect(faults).toEqual([])
})

test('pieces of one code system are read as one transaction left them', async () => {
  const store = eightWorkers(engines)
  const ledger = newLedger()
  const url = 'http://example.org/pieces'
  const pieces = ['c0', 'c1', 'c2', 'c3']
  const piece = (id: string): Known => ({ resourceType: 'CodeSystem', id, url, content: 'fragment' })
  await putAll(store(0), pieces.map(piece), '2026-10-01T00:00:00.000Z')
  const faults: string[] = []
  const keys = pieces.map((id) => ({ type: 'CodeSystem', id }))
  const writers = [0, 1].map((at) => () => transact(store(at), ledger, keys, (_, id) => piece(id)))
  await beside(writers, () =>
    readOften(ledger, { times: readings * 2, commits: readings / 10 }, async (at) => {
      const found = await storedByAddress(store(at), 'CodeSystem', 'url', url)
      const shown = found.map((each) =>
        versionsIn(JSON.stringify({ entry: [{ resource: each.resource() }] })),
      )
      faults.push(...faultsIn(ledger, shown.flat()))
      if (found.length !== pieces.length) faults.push(`${found.length} pieces were found`)
    }),
  )
  expect(faults).toEqual([])
  expect(ledger.commits).toBeGreaterThan(readings / 10)
})
