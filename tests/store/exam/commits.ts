import { expect, test } from 'vitest'
import { typeList } from '../../../src/store/keys.ts'
import { getOne, liveIds, manyNotes, type Note, put, readList, remove } from '../drafts.ts'
import type { Examinee } from '../exam.ts'

const key = { type: 'Patient', id: 'p1' }
const listing = typeList('Observation')

/** commit, small and large. */
export const examineCommits = ({ engines, tenant }: Examinee): void => {
  const open = () => engines().openStore(tenant())

  test('refuses to create what is already there, naming it', async () => {
    const store = open()
    await store.commit([put({ ...key, code: 'one' })])
    const again = store.commit([put({ ...key, code: 'two' })])
    await expect(again).rejects.toMatchObject({ issues: [{ kind: 'version-conflict' }] })
    await expect(again).rejects.toThrow('`Patient/p1`')
    expect((await getOne(store, key))?.text).toContain('"one"')
    expect(await readList(store, typeList('Patient'))).toHaveLength(1)
  })

  test('refuses to change what has changed, naming both versions', async () => {
    const store = open()
    await store.commit([put({ ...key, code: 'one' })])
    const first = await getOne(store, key)
    await store.commit([put({ ...key, code: 'two' }, first)])
    const again = store.commit([put({ ...key, code: 'three' }, first)])
    await expect(again).rejects.toThrow('expected version 1, found version 2')
    expect((await getOne(store, key))?.text).toContain('"two"')
  })

  test('recreates what was deleted as the next version', async () => {
    const store = open()
    await store.commit([put({ ...key, code: 'one' })])
    const first = await getOne(store, key)
    await store.commit(first ? [remove(first)] : [])
    await store.commit([put({ ...key, code: 'again' }, await getOne(store, key))])
    expect(await getOne(store, key)).toMatchObject({ v: 3, deleted: false })
  })

  test('commits nothing of nothing', async () => {
    const store = open()
    await store.commit([])
    expect(store.meter.calls).toBe(0)
  })

  const sizes = { 'a few': 5, 'a hundred': 100, 'a hundred and one': 101, 'seven hundred': 700 }
  for (const [words, count] of Object.entries(sizes)) {
    test(`commits ${words} resources at once, each readable and findable`, async () => {
      const store = open()
      const notes = manyNotes(count, 'n')
      await store.commit(notes.map((note) => put(note)))
      expect((await store.get(notes)).every((version) => version?.v === 1)).toBe(true)
      expect(await liveIds(store, 'Observation', listing)).toEqual(notes.map(({ id }) => id))
    })

    test(`commits creations, changes and deletions of ${words} resources together`, async () => {
      const store = open()
      const notes = manyNotes(count, 'n')
      const old = notes.filter((_, n) => n % 3 !== 0)
      await store.commit(old.map((note) => put(note)))
      const before = new Map((await store.get(old)).map((version) => [version?.id, version]))
      const write = (note: Note, n: number) => {
        const version = before.get(note.id)
        return version && n % 3 === 1 ? remove(version) : put({ ...note, code: 'changed' }, version)
      }
      await store.commit(notes.map(write))
      const kept = notes.filter((_, n) => n % 3 !== 1).map(({ id }) => id)
      expect(await liveIds(store, 'Observation', listing)).toEqual(kept)
      expect(await readList(store, listing)).toHaveLength(old.length + kept.length)
      const now = await store.get(notes)
      expect(now.map((version) => [version?.v, version?.deleted])).toEqual(
        notes.map((_, n) => [n % 3 === 0 ? 1 : 2, n % 3 === 1]),
      )
    })

    test(`commits none of ${words} resources when one has changed, and leaves no entries`, async () => {
      const store = open()
      const notes = manyNotes(count, 'n')
      const [, second] = notes as [Note, Note]
      await store.commit([put(second)])
      await expect(store.commit(notes.map((note) => put({ ...note, code: 'new' })))).rejects.toThrow(
        '`Observation/n-00001`',
      )
      const now = await store.get(notes)
      expect(now.filter((version) => version !== undefined)).toHaveLength(1)
      expect(await readList(store, listing)).toHaveLength(1)
    })
  }

  test('commits three large bodies beside a hundred small ones, over older large ones', async () => {
    const store = open()
    const notes = manyNotes(110, 'big').map((note, n) =>
      n % 40 === 0 ? { ...note, filler: 'x'.repeat(10) + String(Math.random()).repeat(20_000) } : note,
    )
    await store.commit(notes.map((note) => put(note)))
    const before = await store.get(notes)
    await store.commit(notes.map((note, n) => put({ ...note, code: 'changed' }, before[n])))
    const now = await store.get(notes)
    expect(now.every((version) => version?.v === 2 && version.text.includes('"changed"'))).toBe(true)
  })

  test('commits more megabytes than one native transaction takes', async () => {
    const store = open()
    const notes = manyNotes(20, 'mega').map((note) => ({ ...note, filler: randomText(400_000) }))
    await store.commit(notes.map((note) => put(note)))
    expect((await store.get(notes)).every((version) => version?.v === 1)).toBe(true)
  })
}

const randomText = (length: number): string => {
  let text = ''
  while (text.length < length) text += Math.random().toString(36).slice(2)
  return text.slice(0, length)
}
