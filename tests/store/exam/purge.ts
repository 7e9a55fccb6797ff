import { expect, test } from 'vitest'
import { openStore } from '../../../src/store/dynamo/open.ts'
import type { Store } from '../../../src/store/port.ts'
import { getOne, type Note, put, randomFiller, remove } from '../drafts.ts'
import type { Examinee } from '../exam.ts'
import { type Call, failingAt } from '../faults.ts'

const key = { type: 'Patient', id: 'gone' }
const large = randomFiller(500_000)
const note = (code: string): Note => ({ ...key, code, filler: large })
const isCall = (name: string) => (call: Call) => call.constructor.name === name

/** Versions that are removed for good. */
export const examinePurge = ({ engines, tenant }: Examinee): void => {
  const change = async (store: Store, code: string) =>
    store.commit([put(note(code), await getOne(store, key))])

  const setUp = async (...codes: string[]) => {
    const name = tenant()
    const store = engines().openStore(name)
    for (const code of codes) await change(store, code)
    return { name, store }
  }

  const drop = async (store: Store) => {
    const before = await getOne(store, key)
    if (before) await store.commit([remove(before)])
  }

  const bodies = async (name: string) => {
    const { clients, bucket } = engines().place
    return (await clients.bucket.keys(bucket, `bodies/${name}/`)).keys.length
  }

  const versionsIn = async (store: Store, scope = {}) => {
    await engines().strict.settled()
    return (await store.history({ ...scope, limit: 100 })).versions.map(({ v }) => v)
  }

  test('removes past versions with their large bodies, and keeps the current one', async () => {
    const { name, store } = await setUp('a', 'b', 'c')
    expect(await bodies(name)).toBe(3)
    expect(await store.purge(key, false)).toBe(2)
    expect([
      await bodies(name),
      await versionsIn(store, key),
      await versionsIn(store, { type: key.type }),
    ]).toEqual([1, [3], [3]])
    expect(await versionsIn(store)).toEqual([3])
    expect((await getOne(store, key))?.text).toContain('"c"')
    expect(await store.version(key, 2)).toBeUndefined()
    expect(await store.purge(key, false)).toBe(0)
    await change(store, 'd')
    expect(await versionsIn(store, key)).toEqual([4, 3])
  })

  test('removes a deleted resource entirely, so that nothing tells it was there', async () => {
    const { name, store } = await setUp('a', 'b')
    await drop(store)
    expect(await store.purge(key, true)).toBe(3)
    expect([await getOne(store, key), await bodies(name), await versionsIn(store)]).toEqual([
      undefined,
      0,
      [],
    ])
    await change(store, 'new')
    expect(await versionsIn(store, key)).toEqual([1])
  })

  test('keeps the current version of what is not deleted, and a deletion that is not to go', async () => {
    const { store } = await setUp('a', 'b')
    expect(await store.purge(key, true)).toBe(1)
    expect((await getOne(store, key))?.v).toBe(2)
    await drop(store)
    expect(await store.purge(key, false)).toBe(1)
    expect((await getOne(store, key))?.deleted).toBe(true)
  })

  test('goes on where it was interrupted', async () => {
    const { name, store } = await setUp('a', 'b', 'c')
    const { place } = engines()
    const stopping = openStore({
      ...place,
      clients: failingAt(place.clients, { after: isCall('remove') }),
    })(name)
    await expect(stopping.purge(key, false)).rejects.toThrow('stopped')
    expect(await store.purge(key, false)).toBe(2)
    expect([await bodies(name), await versionsIn(store, key)]).toEqual([1, [3]])
  })

  test('leaves alone what is revived meanwhile', async () => {
    const { name, store } = await setUp('a')
    await drop(store)
    const { place } = engines()
    let revived = false
    const meanwhile = async () => {
      revived = true
      await change(engines().openStore(name), 'back')
    }
    const wait = (call: Call) => !revived && isCall('DeleteCommand')(call)
    const raced = openStore({ ...place, clients: failingAt(place.clients, { wait, meanwhile }) })(name)
    await expect(raced.purge(key, true)).rejects.toMatchObject({ issues: [{ kind: 'conflict' }] })
    expect((await getOne(store, key))?.text).toContain('"back"')
  })
}
