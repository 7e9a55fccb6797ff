import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Failure } from '../../src/outcome/failure.ts'
import { openStages } from '../../src/search/reading/stages.ts'
import { openStore } from '../../src/store/dynamo/open.ts'
import { typeList } from '../../src/store/keys.ts'
import type { Store, Version } from '../../src/store/port.ts'
import { getOne, liveIds, manyNotes, type Note, put, readList } from './drafts.ts'
import { type Engines, startEngines } from './engines.ts'

const key = { type: 'Observation', id: 'contested' }

const kindOf = (outcome: PromiseSettledResult<unknown>): string =>
  outcome.status === 'fulfilled'
    ? 'done'
    : ((outcome.reason as Failure).issues?.[0]?.kind ?? String(outcome.reason))

const counts = (kinds: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    Object.entries(Object.groupBy(kinds, (kind) => kind)).map(([kind, all]) => [kind, all?.length ?? 0]),
  )

describe('writers and readers at the same time', () => {
  let engines: Engines
  beforeAll(async () => {
    engines = await startEngines()
  })
  afterAll(() => engines?.stop())

  const openers = (patience = 5_000) => {
    const tenant = `t${randomBytes(6).toString('hex')}`
    return () => openStore({ ...engines.place, timing: { patience } })(tenant)
  }

  test('lets one of thirty simultaneous updates of the same version win', async () => {
    const open = openers()
    await open().commit([put({ ...key, code: 'first' })])
    const before = await getOne(open(), key)
    const updates = Array.from({ length: 30 }, (_, n) =>
      open().commit([put({ ...key, code: `u${n}` }, before)]),
    )
    const kinds = (await Promise.allSettled(updates)).map(kindOf)
    expect(counts(kinds)).toEqual({ done: 1, 'version-conflict': 29 })
    expect((await getOne(open(), key))?.text).toContain(`"u${kinds.indexOf('done')}"`)
    // The superseded version's entry outlives searches; of the attempts that lost nothing is left.
    const versions = (await readList(open(), typeList('Observation'))).map(({ since }) => since)
    expect(versions.toSorted()).toEqual([1, 2])
  })

  test('lets one of twenty simultaneous creations with the same id win', async () => {
    const open = openers()
    const creations = Array.from({ length: 20 }, (_, n) => open().commit([put({ ...key, code: `c${n}` })]))
    expect(counts((await Promise.allSettled(creations)).map(kindOf))).toEqual({
      done: 1,
      'version-conflict': 19,
    })
  })

  test('never skips a version and never loses one', async () => {
    const open = openers()
    await open().commit([put({ ...key, code: 'start' })])
    const incrementing = async (store: Store): Promise<number> => {
      let done = 0
      while (done < 5) {
        const before = await getOne(store, key)
        const written = await store.commit([put({ ...key, code: `n${before?.v}` }, before)]).then(
          () => 1,
          () => 0,
        )
        done += written
      }
      return done
    }
    await Promise.all(Array.from({ length: 6 }, () => incrementing(open())))
    const { versions } = await open().history({ ...key, limit: 100 })
    expect(versions.map(({ v }) => v)).toEqual(Array.from({ length: 31 }, (_, n) => 31 - n))
    for (const { v, text } of versions.slice(0, -1)) expect(text).toContain(`"n${v - 1}"`)
  })

  test('lets one of two large transactions that create the same resources win', async () => {
    const open = openers()
    const notes = manyNotes(140, 'both')
    const commits = ['a', 'b'].map((code) => open().commit(notes.map((note) => put({ ...note, code }))))
    const kinds = (await Promise.allSettled(commits)).map(kindOf)
    expect(counts(kinds).done).toBe(1)
    const winner = kinds[0] === 'done' ? 'a' : 'b'
    const now = await open().get(notes)
    expect(now.every((version) => version?.text.includes(`"code": "${winner}"`))).toBe(true)
    expect(await readList(open(), typeList('Observation'))).toHaveLength(140)
  })

  test('lets at least one of two large transactions that overlap win, and shows no half of the other', async () => {
    const open = openers()
    const notes = manyNotes(240, 'some')
    await open().commit(notes.map((note) => put(note)))
    const before = await open().get(notes)
    const change = (from: number, to: number, code: string) =>
      open().commit(notes.slice(from, to).map((note, n) => put({ ...note, code }, before[from + n])))
    const kinds = (await Promise.allSettled([change(0, 140, 'a'), change(100, 240, 'b')])).map(kindOf)
    expect(counts(kinds).done).toBe(1)
    const codes = (await open().get(notes)).map((version) => JSON.parse(version?.text ?? '').code)
    const changedCodes = new Set(codes.filter((code) => code === 'a' || code === 'b'))
    expect(changedCodes).toEqual(new Set([kinds[0] === 'done' ? 'a' : 'b']))
    expect(codes.filter((code) => changedCodes.has(code))).toHaveLength(140)
    expect(await liveIds(open(), 'Observation', typeList('Observation'))).toHaveLength(240)
  })

  test('lets small writers and a large transaction end in some order', async () => {
    const open = openers()
    const notes = manyNotes(120, 'mix')
    await open().commit(notes.map((note) => put(note)))
    const before = await open().get(notes)
    const large = open().commit(notes.map((note, n) => put({ ...note, code: 'large' }, before[n])))
    const small = notes
      .slice(0, 12)
      .map((note, n) => open().commit([put({ ...note, code: 'small' }, before[n])]))
    const [first = '', ...rest] = (await Promise.allSettled([large, ...small])).map(kindOf)
    const codes = (await open().get(notes)).map((version) => JSON.parse(version?.text ?? '').code)
    expect(codes.filter((code) => code === 'large')).toHaveLength(first === 'done' ? 120 : 0)
    expect(codes.filter((code) => code === 'small')).toHaveLength(counts(rest).done ?? 0)
  })

  /** Reads as a search does, which shows no write of several resources in part. */
  const consistently = (store: Store, notes: readonly Note[]): Promise<(Version | undefined)[]> =>
    openStages(store).stage((reader) => reader.get(notes))

  for (const [words, count] of Object.entries({ native: 60, staged: 110 })) {
    test(`shows readers all or nothing of ${words} transactions that follow each other`, async () => {
      const open = openers()
      const notes = manyNotes(count, 'seen')
      await open().commit(notes.map((note) => put({ ...note, code: 'g0' })))
      let writing = true
      const read = async (): Promise<number> => {
        let readings = 0
        while (writing) {
          const codes = (await consistently(open(), notes)).map(
            (version) => JSON.parse(version?.text ?? '{}').code,
          )
          expect(new Set(codes).size).toBe(1)
          readings++
        }
        return readings
      }
      const readers = [read(), read()]
      for (let generation = 1; generation <= 6; generation++) {
        const before = await open().get(notes)
        await open().commit(notes.map((note, n) => put({ ...note, code: `g${generation}` }, before[n])))
      }
      writing = false
      expect((await Promise.all(readers)).every((readings) => readings > 0)).toBe(true)
    })
  }
})
