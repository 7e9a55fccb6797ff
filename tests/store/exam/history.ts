import { expect, test } from 'vitest'
import type { HistoryScope, Store } from '../../../src/store/port.ts'
import { getOne, manyNotes, put, remove } from '../drafts.ts'
import type { Examinee } from '../exam.ts'

const key = { type: 'Patient', id: 'p1' }

const pagesOf = async (store: Store, scope: HistoryScope): Promise<string[]> => {
  const found: string[] = []
  let after: string | undefined
  do {
    const page = await store.history(after === undefined ? scope : { ...scope, after })
    expect(page.versions.length).toBeLessThanOrEqual(scope.limit)
    found.push(...page.versions.map(({ type, id, v }) => `${type}/${id}/${v}`))
    after = page.after
  } while (after !== undefined)
  return found
}

/** history of a resource, of a type and of everything. */
export const examineHistory = ({ engines, tenant }: Examinee): void => {
  const open = () => engines().openStore(tenant())

  /** Returns the versions of every page once the indexes have caught up. */
  const allPages = async (store: Store, scope: HistoryScope) => {
    await engines().strict.settled()
    return pagesOf(store, scope)
  }

  const withVersions = async () => {
    const store = open()
    for (const code of ['a', 'b', 'c']) await store.commit([put({ ...key, code }, await getOne(store, key))])
    const before = await getOne(store, key)
    await store.commit(before ? [remove(before)] : [])
    await store.commit([put({ ...key, code: 'd' }, await getOne(store, key))])
    return store
  }

  test('returns a resource’s versions newest first, deletions included, in pages', async () => {
    const store = await withVersions()
    for (const limit of [1, 2, 5, 50]) {
      expect(await allPages(store, { ...key, limit })).toEqual([5, 4, 3, 2, 1].map((v) => `Patient/p1/${v}`))
    }
    const page = await store.history({ ...key, limit: 5 })
    expect(page.after).toBeUndefined()
    expect(page.versions.map(({ deleted }) => deleted)).toEqual([false, true, false, false, false])
  })

  test('returns nothing of a resource that never was', async () => {
    expect(await open().history({ ...key, limit: 5 })).toEqual({ versions: [] })
  })

  test('returns only versions since an instant', async () => {
    const store = await withVersions()
    const third = await store.version(key, 3)
    const since = third?.t ?? ''
    expect(await allPages(store, { ...key, since, limit: 2 })).toEqual([
      'Patient/p1/5',
      'Patient/p1/4',
      'Patient/p1/3',
    ])
    expect(await allPages(store, { type: 'Patient', since, limit: 2 })).toHaveLength(3)
    expect(await allPages(store, { since, limit: 2 })).toHaveLength(3)
  })

  test('returns a type’s versions newest first, in pages, each once', async () => {
    const store = await withVersions()
    await store.commit([put({ type: 'Group', id: 'g1', code: 'x' })])
    for (const note of manyNotes(7, 'p', { type: 'Patient' })) {
      await store.commit([put(note, undefined, '2026-11-22T00:00:00.000Z')])
    }
    const found = await allPages(store, { type: 'Patient', limit: 3 })
    expect(found).toHaveLength(12)
    expect(new Set(found).size).toBe(12)
    expect(found.slice(-5)).toEqual([5, 4, 3, 2, 1].map((v) => `Patient/p1/${v}`))
  })

  test('returns everything’s versions newest first across days, in pages, each once', async () => {
    const store = open()
    const days = ['2026-01-01', '2026-03-05', '2026-03-06', '2026-11-30']
    for (const [n, day] of days.entries()) {
      await store.commit([put({ type: 'Group', id: `g${n}`, code: 'x' }, undefined, `${day}T00:00:00.000Z`)])
      await store.commit([
        put({ type: 'Patient', id: `p${n}`, code: 'x' }, undefined, `${day}T23:59:59.999Z`),
      ])
    }
    const expected = [3, 2, 1, 0].flatMap((n) => [`Patient/p${n}/1`, `Group/g${n}/1`])
    for (const limit of [1, 3, 8, 9]) {
      expect(await allPages(store, { limit })).toEqual(expected)
      expect(await allPages(store, { limit, oldestFirst: true })).toEqual(expected.toReversed())
    }
    const until = '2026-03-05T23:59:59.999Z'
    for (const limit of [1, 3, 9]) {
      expect(await allPages(store, { limit, until })).toEqual(expected.slice(4))
      expect(await allPages(store, { limit, until: '2026-03-05T00:00:00.000Z' })).toEqual(expected.slice(5))
      const between = { limit, until, since: '2026-01-02T00:00:00.000Z', oldestFirst: true }
      expect(await allPages(store, between)).toEqual(['Group/g1/1', 'Patient/p1/1'])
      expect(await allPages(store, { ...between, type: 'Patient' })).toEqual(['Patient/p1/1'])
    }
  })

  test('lists a large transaction’s versions, changes and creations', async () => {
    const store = open()
    const notes = manyNotes(150, 'large')
    await store.commit(notes.map((note) => put(note)))
    const before = await store.get(notes)
    await store.commit(notes.map((note, n) => put({ ...note, code: 'new' }, before[n])))
    expect(await allPages(store, { type: 'Observation', limit: 100 })).toHaveLength(300)
  })
}
