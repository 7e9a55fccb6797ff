import { expect, test } from 'vitest'
import { getOne, manyNotes, put, randomFiller, remove, textOf } from '../drafts.ts'
import type { Examinee } from '../exam.ts'

const key = { type: 'Patient', id: 'p1' }

/** get and version. */
export const examineReading = ({ engines, tenant }: Examinee): void => {
  const open = () => engines().openStore(tenant())

  test('returns undefined for what was never written', async () => {
    const store = open()
    expect(await store.get([key])).toEqual([undefined])
    expect(await store.version(key, 1)).toBeUndefined()
    expect(await store.get([])).toEqual([])
  })

  test('returns the text as it came, digits and blanks included', async () => {
    const store = open()
    const note = { ...key, code: 'ä€𐐷' }
    await store.commit([put(note)])
    const found = await getOne(store, key)
    expect(found).toMatchObject({ ...key, v: 1, method: 'POST', deleted: false, text: textOf(note) })
    expect(found?.text).toContain('1.00')
  })

  test('returns versions in the order of the keys, for repeated and unknown keys too', async () => {
    const store = open()
    const notes = manyNotes(120, 'many')
    await store.commit(notes.map((note) => put(note)))
    const keys = [...notes, { type: 'Observation', id: 'unknown' }, ...notes.slice(0, 3)].reverse()
    const found = await store.get(keys)
    expect(found.map((version) => version?.id ?? 'unknown')).toEqual(keys.map(({ id }) => id))
  })

  test('keeps a body of five megabytes, its past version and its successor', async () => {
    const store = open()
    const large = { ...key, code: 'large', filler: randomFiller(5_000_000) }
    await store.commit([put(large)])
    const before = await getOne(store, key)
    expect(before?.text).toBe(textOf(large))
    await store.commit([put({ ...key, code: 'small' }, before)])
    expect((await store.version(key, 1))?.text).toBe(textOf(large))
    expect((await getOne(store, key))?.text).toContain('small')
  })

  test('keeps bodies that are just below and just above what an item holds', async () => {
    const store = open()
    const notes = [340_000, 350_000, 360_000, 395_000, 420_000].map((bytes, at) => ({
      type: 'Binary',
      id: `b${at}`,
      code: 'c',
      filler: randomFiller(bytes * 1.33),
    }))
    await store.commit(notes.map((note) => put(note)))
    const found = await store.get(notes)
    expect(found.map((version) => version?.text.length)).toEqual(notes.map((note) => textOf(note).length))
  })

  test('returns each version by its number, and none beyond the current one', async () => {
    const store = open()
    for (const code of ['one', 'two', 'three']) {
      await store.commit([put({ ...key, code }, await getOne(store, key))])
    }
    const versions = await Promise.all([1, 2, 3, 4].map((v) => store.version(key, v)))
    expect(
      versions.map((version) => version && [version.v, version.text.includes(`"${codes[version.v]}"`)]),
    ).toEqual([[1, true], [2, true], [3, true], undefined])
  })

  test('returns a deletion as a version without text', async () => {
    const store = open()
    await store.commit([put({ ...key, code: 'one' })])
    const before = await getOne(store, key)
    await store.commit(before ? [remove(before)] : [])
    expect(await getOne(store, key)).toMatchObject({ v: 2, deleted: true, text: '', method: 'DELETE' })
    expect(await store.version(key, 2)).toMatchObject({ v: 2, deleted: true })
    expect(await store.version(key, 1)).toMatchObject({ v: 1, deleted: false })
  })

  test('shows one tenant nothing of another', async () => {
    const store = open()
    await store.commit([put({ ...key, code: 'one' })])
    expect(await getOne(open(), key)).toBeUndefined()
  })

  test('counts a request’s calls, rounds and units', async () => {
    const name = tenant()
    const writer = engines().openStore(name)
    await writer.commit([put({ ...key, code: 'one' })])
    const reader = engines().openStore(name)
    await reader.get([key])
    expect(reader.meter).toMatchObject({ rounds: 1, calls: 1, readUnits: 1, writeUnits: 0 })
    expect(writer.meter.rounds).toBe(2)
    expect(writer.meter.writeUnits).toBeGreaterThan(0)
  })
}

const codes = ['', 'one', 'two', 'three']
