import { expect, test } from 'vitest'
import { openStore } from '../../../src/store/dynamo/open.ts'
import { typeList } from '../../../src/store/keys.ts'
import type { Store } from '../../../src/store/port.ts'
import { getOne, liveIds, manyNotes, type Note, put, readList } from '../drafts.ts'
import type { Examinee } from '../exam.ts'
import { failingAt, isRecord, movableClock } from '../faults.ts'

const listing = typeList('Observation')
const created = manyNotes(120, 'new')
const changed = manyNotes(10, 'old')

/** Commits too large for one call, stopped half-way. */
export const examineStaging = ({ engines, tenant }: Examinee): void => {
  const setUp = () => {
    const name = tenant()
    const clock = movableClock()
    const timing = { lease: 30_000, patience: 200 }
    const place = { ...engines().place, clock, timing }
    const stopping = (when: Parameters<typeof failingAt>[1]) =>
      openStore({ ...place, clients: failingAt(place.clients, when) })(name)
    return { clock, store: () => openStore(place)(name), stopping }
  }

  const prepared = async (store: Store) => {
    await store.commit(changed.map((note) => put(note)))
    const before = await store.get(changed)
    return [
      ...created.map((note) => put(note)),
      ...changed.map((note, n) => put({ ...note, code: 'changed' }, before[n])),
    ]
  }

  const expectOld = async (store: Store) => {
    expect((await store.get(created)).every((version) => version === undefined)).toBe(true)
    expect((await store.get(changed)).every((version) => version?.v === 1)).toBe(true)
    expect(await liveIds(store, 'Observation', listing)).toEqual(changed.map(({ id }) => id))
  }

  const expectNew = async (store: Store) => {
    expect((await store.get(created)).every((version) => version?.v === 1)).toBe(true)
    const now = await store.get(changed)
    expect(now.every((version) => version?.v === 2 && version.text.includes('"changed"'))).toBe(true)
    const all = [...created, ...changed].map(({ id }) => id).sort()
    expect(await liveIds(store, 'Observation', listing)).toEqual(all)
  }

  test('shows nothing of a transaction that has stopped before its record', async () => {
    const { store, stopping } = setUp()
    const writes = await prepared(store())
    await expect(stopping({ before: isRecord }).commit(writes)).rejects.toThrow('stopped')
    await expectOld(store())
    const history = await store().history({ type: 'Observation', limit: 1000 })
    expect(history.versions).toHaveLength(changed.length)
    expect(await store().version({ type: 'Observation', id: 'old-00000' }, 2)).toBeUndefined()
  })

  test('shows all of a transaction that has stopped right after its record', async () => {
    const { store, stopping } = setUp()
    const writes = await prepared(store())
    await expect(stopping({ after: isRecord }).commit(writes)).rejects.toThrow('stopped')
    await expectNew(store())
    const key = { type: 'Observation', id: 'old-00003' }
    expect((await store().version(key, 2))?.text).toContain('"changed"')
    expect((await store().version(key, 1))?.text).not.toContain('"changed"')
    const history = await store().history({ ...key, limit: 10 })
    expect(history.versions.map(({ v }) => v)).toEqual([2, 1])
  })

  test('lets a writer go on at once over what is committed and not yet folded in', async () => {
    const { store, stopping } = setUp()
    const writes = await prepared(store())
    await expect(stopping({ after: isRecord }).commit(writes)).rejects.toThrow('stopped')
    for (const note of [created[0], changed[0]] as Note[]) {
      const before = await getOne(store(), note)
      await store().commit([put({ ...note, code: 'later' }, before)])
      expect((await getOne(store(), note))?.v).toBe((before?.v ?? 0) + 1)
    }
  })

  test('folds in what a dead writer has left, once its lease is over', async () => {
    const { clock, store, stopping } = setUp()
    const writes = await prepared(store())
    await expect(stopping({ after: isRecord }).commit(writes)).rejects.toThrow('stopped')
    clock.move(31_000)
    await expectNew(store())
    const reader = store()
    await reader.get([...created, ...changed])
    expect(reader.meter.calls).toBe(2)
  })

  test('refuses a writer while a transaction is under way, and aborts it after its lease', async () => {
    const { clock, store, stopping } = setUp()
    const writes = await prepared(store())
    await expect(stopping({ before: isRecord }).commit(writes)).rejects.toThrow('stopped')
    const note = changed[0] as Note
    const before = await getOne(store(), note)
    const update = () => store().commit([put({ ...note, code: 'mine' }, before)])
    await expect(update()).rejects.toMatchObject({ issues: [{ kind: 'conflict' }] })
    await expect(update()).rejects.toThrow('`Observation/old-00000`')
    clock.move(31_000)
    await update()
    expect((await getOne(store(), note))?.text).toContain('"mine"')
    expect((await store().get(created)).every((version) => version === undefined)).toBe(true)
  })

  test('fails a writer that has slept past its lease and was aborted meanwhile', async () => {
    const { clock, store, stopping } = setUp()
    const writes = await prepared(store())
    const note = created[0] as Note
    const slow = stopping({
      wait: isRecord,
      meanwhile: async () => {
        clock.move(31_000)
        await store().commit([put({ ...note, code: 'mine' })])
      },
    })
    await expect(slow.commit(writes)).rejects.toMatchObject({ issues: [{ kind: 'conflict' }] })
    expect((await getOne(store(), note))?.text).toContain('"mine"')
    expect((await store().get(created)).filter((version) => version !== undefined)).toHaveLength(1)
    expect((await store().get(changed)).every((version) => version?.v === 1)).toBe(true)
    expect(await readList(store(), listing)).toHaveLength(changed.length + 1)
  })

  test('lets a large transaction take over what an aborted one has staged', async () => {
    const { clock, store, stopping } = setUp()
    const writes = await prepared(store())
    await expect(stopping({ before: isRecord }).commit(writes)).rejects.toThrow('stopped')
    clock.move(31_000)
    await store().commit(writes)
    await expectNew(store())
  })
}
