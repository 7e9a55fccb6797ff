import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '../../src/store/dynamo/open.ts'
import type { Store, Version, Write } from '../../src/store/port.ts'
import { create, entriesOfVersion, manyNotes, type Note, put, readList, remove } from './drafts.ts'
import { type Engines, startEngines } from './engines.ts'
import { failingAt, type MovableClock, movableClock, outliving, type Stop } from './faults.ts'

/** Nobody may wait long for a lock that a dead process has left. */
const lease = 30_000

const one: Note = { type: 'Observation', id: 'one', code: 'c1', subject: 's' }
const few = manyNotes(6, 'few')
const many = manyNotes(104, 'many')

/** What there was before, and what the commit that is going to stop makes of it. */
interface Scenario {
  old: readonly Note[]
  stops: readonly ('before' | 'after')[]
  writes(before: readonly (Version | undefined)[]): Write[]
}

const changed = (note: Note): Note => ({ ...note, code: 'new', date: '2026-02-02' })

const changeSome = (notes: readonly Note[], from: number) => (before: readonly (Version | undefined)[]) => [
  ...notes.slice(from).map((note) => put(changed(note))),
  ...notes.slice(0, from).map((note, n) => {
    const version = before[n]
    return version && n % 2 === 0 ? remove(version) : put(changed(note), version)
  }),
]

const stops = ['before', 'after'] as const

const scenarios: Record<string, Scenario> = {
  create: { old: [], stops, writes: () => [put(changed(one))] },
  update: { old: [one], stops, writes: ([before]) => [put(changed(one), before)] },
  delete: { old: [one], stops, writes: ([before]) => (before ? [remove(before)] : []) },
  'small transaction': { old: few.slice(0, 3), stops, writes: changeSome(few, 3) },
  'large transaction of new resources': { old: [], stops: ['before'], writes: () => many.map(create) },
  'large transaction of new and old resources': {
    old: many.slice(0, 4),
    stops: ['before'],
    writes: (before) => [...manyNotes(100, 'fresh').map(create), ...changeSome(many.slice(0, 12), 4)(before)],
  },
  'large transaction': { old: many.slice(0, 4), stops: ['before'], writes: changeSome(many, 4) },
}

describe('a process that stops', () => {
  let engines: Engines
  beforeAll(async () => {
    engines = await startEngines()
  })
  afterAll(() => engines?.stop())

  /** Returns how many of the writes have become current: a reader knows nothing else. */
  const expectAllOrNothing = async (store: Store, writes: readonly Write[]): Promise<boolean> => {
    const now = await store.get(writes)
    const done = writes.map(({ v, text = '' }, n) => now[n]?.v === v && now[n]?.text === text)
    const undone = writes.map(({ before }, n) => now[n]?.w === before?.w)
    expect(done.every(Boolean) || undone.every(Boolean)).toBe(true)
    return done.every(Boolean)
  }

  const entriesBefore = ({ before }: Write) => (before ? entriesOfVersion(before) : [])

  const expectFindable = async (store: Store, writes: readonly Write[], done: boolean): Promise<void> => {
    const now = await store.get(writes)
    const lists = new Map<string, Set<string>>()
    for (const { list } of writes.flatMap((write) => [...write.entries, ...entriesBefore(write)])) {
      const found =
        lists.get(list.name) ?? new Set((await readList(store, list)).map(({ id, w }) => `${id}|${w}`))
      lists.set(list.name, found)
    }
    for (const [n, write] of writes.entries()) {
      const { id, entries } = write
      for (const { list } of done ? entries : entriesBefore(write))
        expect(lists.get(list.name)).toContain(`${id}|${now[n]?.w}`)
    }
  }

  const expectFree = async (store: Store, clock: MovableClock, all: readonly Write[]): Promise<void> => {
    const writes = all.filter((_, n) => n % 20 < 2)
    const now = await store.get(writes)
    const notes = writes.map(({ type, id }): Note => ({ type, id, code: 'free' }))
    const commit = () => store.commit(notes.map((note, n) => put(note, now[n])))
    await outliving(clock, lease, commit)
    expect((await store.get(writes)).every((version) => version?.text.includes('"free"'))).toBe(true)
  }

  const run = async (scenario: Scenario, stopAt: (nth: number) => boolean, kind: 'before' | 'after') => {
    const tenant = `t${randomBytes(6).toString('hex')}`
    const clock = movableClock()
    const place = { ...engines.place, clock, timing: { lease, patience: 100 } }
    const store = openStore(place)
    if (scenario.old.length > 0) await store(tenant).commit(scenario.old.map((note) => put(note)))
    const writes = scenario.writes(await store(tenant).get(scenario.old))
    let calls = 0
    const at = (_: unknown, nth: number) => {
      calls = nth
      return stopAt(nth)
    }
    const stop: Stop = kind === 'before' ? { before: at } : { after: at }
    const stopping = openStore({ ...place, clients: failingAt(place.clients, stop) })(tenant)
    const acknowledged = await stopping.commit(writes).then(
      () => true,
      () => false,
    )
    const done = await expectAllOrNothing(store(tenant), writes)
    if (acknowledged) expect(done).toBe(true)
    await expectFindable(store(tenant), writes, done)
    clock.move(lease + 1_000)
    expect(await expectAllOrNothing(store(tenant), writes)).toBe(done)
    await expectFree(store(tenant), clock, writes)
    return { calls, acknowledged, done }
  }

  for (const [name, scenario] of Object.entries(scenarios)) {
    test(`loses nothing and shows no half of a ${name}, whichever call was the last`, async () => {
      const whole = await run(scenario, () => false, 'before')
      expect(whole).toMatchObject({ acknowledged: true, done: true })
      const outcomes = new Set<boolean>()
      for (const kind of scenario.stops) {
        for (let last = 1; last <= whole.calls; last++) {
          outcomes.add((await run(scenario, (nth) => nth === last, kind)).done)
        }
      }
      expect(outcomes).toEqual(new Set([true, false]))
    }, 240_000)
  }
})
