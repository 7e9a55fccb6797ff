import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Store } from '../../../src/store/port.ts'
import { type Case, type Found, observation, partitionsRead, trialOf } from './cases.ts'
import { explore } from './schedule.ts'
import { type World, writeId } from './step-store.ts'

/** The most runs of a case; `npm run test:long -- interleavings` makes so many more. */
const most = Number(process.env.INTERLEAVINGS ?? 800)

vi.setConfig({ testTimeout: 60_000 + most * 50 })

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const [T1, T2] = [writeId(false, 1), writeId(false, 2)]
const [S1, S2] = [writeId(true, 3), writeId(true, 5)]
const out = { identifier: [] }
const a = { 'Observation/a': observation('a') }
const b = { 'Observation/b': observation('b') }
const c = { 'Observation/c': observation('c') }
const byIdentifier = 'Observation?identifier=urn:g|x'

const cases: readonly Case[] = [
  {
    name: 'one transaction of two',
    search: byIdentifier,
    initial: { ...a, ...b },
    writers: [[{ w: T1, content: { ...a, ...b } }]],
  },
  {
    name: 'one transaction of two, the last first',
    search: byIdentifier,
    initial: { ...a, ...b },
    writers: [[{ w: T1, content: { ...a, ...b }, reversed: true }]],
  },
  {
    name: 'one leaves and one comes',
    search: byIdentifier,
    initial: { ...a, 'Observation/b': observation('b', out) },
    writers: [[{ w: T1, content: { 'Observation/a': observation('a', out), ...b } }]],
  },
  {
    name: 'one is deleted and one created',
    search: byIdentifier,
    initial: { ...a },
    writers: [[{ w: T1, content: { 'Observation/a': undefined, ...b } }]],
  },
  {
    name: 'a chain of two transactions',
    search: byIdentifier,
    initial: { ...a, ...b, ...c },
    writers: [[{ w: T1, content: { ...a, ...b } }], [{ w: T2, content: { ...b, ...c } }]],
  },
  {
    name: 'four in one transaction',
    search: byIdentifier,
    initial: { ...a, ...b },
    writers: [[{ w: T1, content: { ...a, ...b, ...c, 'Observation/d': observation('d') } }]],
  },
  {
    name: 'one moves out of the list and back',
    search: byIdentifier,
    initial: { ...a, ...b },
    writers: [
      [
        { w: S1, content: { 'Observation/a': observation('a', out) } },
        { w: S2, content: a },
      ],
    ],
  },
  {
    name: 'two change places between shards',
    search: 'Observation?status=final',
    initial: { ...a, 'Observation/b': observation('b', { status: 'amended' }) },
    writers: [[{ w: T1, content: { 'Observation/a': observation('a', { status: 'amended' }), ...b } }]],
  },
  {
    name: 'one is rewritten all the time',
    search: byIdentifier,
    initial: { ...a },
    writers: [
      [
        { w: S1, content: a },
        { w: S2, content: a },
      ],
    ],
  },
  {
    name: 'a count beside one that leaves and one that comes',
    search: `${byIdentifier}&_summary=count`,
    initial: { ...a, 'Observation/b': observation('b', out) },
    writers: [[{ w: T1, content: { 'Observation/a': observation('a', out), ...b } }]],
  },
  {
    name: 'a page with a limit beside one that leaves and one that comes',
    search: `${byIdentifier}&_count=1`,
    initial: { ...a, 'Observation/b': observation('b', out) },
    writers: [[{ w: T1, content: { 'Observation/a': observation('a', out), ...b } }]],
  },
  {
    name: 'a page with a limit beside a transaction over its end',
    search: `${byIdentifier}&_count=2`,
    initial: { ...a, ...b, ...c },
    writers: [[{ w: T1, content: { 'Observation/c': observation('c', out), ...a } }]],
  },
  {
    name: 'a match and what it includes',
    search: `${byIdentifier}&_include=Observation:subject`,
    initial: {
      'Patient/p': { resourceType: 'Patient', id: 'p' },
      'Observation/a': observation('a', { subject: { reference: 'Patient/p' } }),
    },
    writers: [
      [
        {
          w: T1,
          content: {
            'Patient/p': { resourceType: 'Patient', id: 'p' },
            'Observation/a': observation('a', { subject: { reference: 'Patient/p' } }),
          },
        },
      ],
    ],
  },
  {
    name: 'what is included is written with another match that comes',
    search: `${byIdentifier}&_include=Observation:subject`,
    initial: {
      'Patient/p': { resourceType: 'Patient', id: 'p' },
      'Observation/a': observation('a', { subject: { reference: 'Patient/p' } }),
      'Observation/b': observation('b', out),
    },
    writers: [[{ w: T1, content: { 'Patient/p': { resourceType: 'Patient', id: 'p' }, ...b } }]],
  },
  {
    name: 'two searches of one process',
    search: 'Observation?_id=a,b',
    initial: { ...a, ...b },
    writers: [[{ w: T1, content: { ...a, ...b } }]],
    before: 'Observation?_id=a',
    pause: 5,
  },
]

/** A search that waits goes on at once: by then, writers have had their time. */
const wake = async (): Promise<void> => {
  await vi.advanceTimersByTimeAsync(1000)
}

const attack = async (given: Case, mutate?: (store: Store, world: World) => Store) => {
  const found: Found = { faults: [], refused: 0 }
  const read = await partitionsRead(given)
  const explored = await explore(() => trialOf(given, found, read, mutate, wake), most)
  return { ...found, ...explored }
}

test.each(cases)('$name: every answer could have been given', async (given) => {
  const { faults, refused, runs, whole } = await attack(given)
  console.log(`${given.name}: ${runs} orders${whole ? ', all' : ''}, ${refused} refused`)
  expect(faults.slice(0, 2)).toEqual([])
  expect(refused).toBe(0)
  expect(runs).toBeGreaterThan(1)
})

/** Each leaves out a part of the rule; the named case must show it. */
const mutants: Readonly<Record<string, { at: string; mutate: (store: Store, world: World) => Store }>> = {
  'no write is doubted': {
    at: 'one transaction of two',
    mutate: (store) => ({ ...store, reading: () => ({ ...store.reading(), doubted: () => undefined }) }),
  },
  'a write lists nobody': {
    at: 'one transaction of two',
    mutate: (store) => ({
      ...store,
      reading: () => ({ ...store.reading(), members: async () => new Map() }),
    }),
  },
  'the index is not read again': {
    at: 'one leaves and one comes',
    mutate: (store) => {
      const lists = new Set<string>()
      return {
        ...store,
        page: async (range) => {
          const name = `${range.list}|${range.shard}`
          if (lists.has(name)) return { candidates: [] }
          lists.add(name)
          return store.page(range)
        },
      }
    },
  },
  'entries name a later version than they were put for': {
    at: 'one leaves and one comes',
    mutate: (store) => ({
      ...store,
      page: async (range) => {
        const { candidates, ...rest } = await store.page(range)
        return { ...rest, candidates: candidates.map((each) => ({ ...each, since: each.since + 1 })) }
      },
    }),
  },
  'the current version is read in place of the exact one': {
    at: 'a match and what it includes',
    mutate: (store) => ({ ...store, below: async (keys) => keys.map(() => []) }),
  },
}

test.each(Object.entries(mutants))(
  'an answer that could not be is given where %s',
  async (_, { at, mutate }) => {
    const given = cases.find(({ name }) => name === at) as Case
    const { faults } = await attack(given, mutate)
    expect(faults.length).toBeGreaterThan(0)
  },
)

test('an answer that could not be is given where a write is known before all of it can be read', async () => {
  const given = cases.find(({ name }) => name === 'two searches of one process') as Case
  const { faults } = await attack({ ...given, pause: 31 })
  expect(faults.length).toBeGreaterThan(0)
})
