import { expect, test } from 'vitest'
import { testOptions } from '../../../src/local/strict/options.ts'
import { readAll } from '../../../src/store/dynamo/batch.ts'
import { type ResourceItem, stagedBy } from '../../../src/store/dynamo/items.ts'
import { openSession, openStore } from '../../../src/store/dynamo/open.ts'
import { currentKey, typeList } from '../../../src/store/keys.ts'
import type { Store } from '../../../src/store/port.ts'
import {
  create,
  getOne,
  liveIds,
  manyNotes,
  type Note,
  put,
  randomFiller,
  readList,
  textOf,
} from '../drafts.ts'
import type { Examinee } from '../exam.ts'
import { type Call, failingAt, isApplying, isRecord, movableClock } from '../faults.ts'

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
    /** Another process: what it has watched, it remembers. */
    const reader = () => {
      const open = openStore(place)
      return () => open(name)
    }
    return {
      clock,
      store: () => openStore(place)(name),
      stopping,
      reader,
      session: () => openSession(place)(name),
    }
  }

  const refused = { issues: [{ kind: 'conflict' }] }

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
    await engines().strict.settled()
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

  test('folds in what a dead writer has left, once it was seen to lie there for the length of a lease', async () => {
    const { clock, store, stopping, reader, session } = setUp()
    const writes = await prepared(store())
    await expect(stopping({ after: isRecord }).commit(writes)).rejects.toThrow('stopped')
    const watching = reader()
    await expectNew(watching())
    clock.move(31_000)
    await expectNew(watching())
    const keys = [...created, ...changed].map((note) => currentKey(session().tenant, note))
    const items = await readAll<ResourceItem>(session(), session().tables.resources, keys)
    expect(items).toHaveLength(keys.length)
    expect(items.filter(stagedBy)).toEqual([])
  })

  test('refuses a writer while a transaction is under way, and lets him abort it after having watched it for a lease', async () => {
    const { clock, store, stopping, reader } = setUp()
    const writes = await prepared(store())
    await expect(stopping({ before: isRecord }).commit(writes)).rejects.toThrow('stopped')
    const note = changed[0] as Note
    const before = await getOne(store(), note)
    const watching = reader()
    const update = () => watching().commit([put({ ...note, code: 'mine' }, before)])
    await expect(update()).rejects.toMatchObject(refused)
    await expect(update()).rejects.toThrow('`Observation/old-00000`')
    clock.move(31_000)
    await update()
    expect((await getOne(store(), note))?.text).toContain('"mine"')
    expect((await store().get(created)).every((version) => version === undefined)).toBe(true)
  })

  test('fails a writer that has slept past its lease and was aborted meanwhile', async () => {
    const { clock, store, stopping, reader } = setUp()
    const writes = await prepared(store())
    const note = created[0] as Note
    const watching = reader()
    const update = () => watching().commit([put({ ...note, code: 'mine' })])
    const slow = stopping({
      wait: isRecord,
      meanwhile: async () => {
        await expect(update()).rejects.toMatchObject(refused)
        clock.move(31_000)
        await update()
      },
    })
    await expect(slow.commit(writes)).rejects.toMatchObject({ issues: [{ kind: 'conflict' }] })
    expect((await getOne(store(), note))?.text).toContain('"mine"')
    expect((await store().get(created)).filter((version) => version !== undefined)).toHaveLength(1)
    expect((await store().get(changed)).every((version) => version?.v === 1)).toBe(true)
    expect(await readList(store(), listing)).toHaveLength(changed.length + 1)
  })

  test('lets a large transaction take over what an aborted one has staged', async () => {
    const { clock, store, stopping, reader } = setUp()
    const writes = await prepared(store())
    await expect(stopping({ before: isRecord }).commit(writes)).rejects.toThrow('stopped')
    const watching = reader()
    await expect(watching().commit(writes)).rejects.toMatchObject(refused)
    clock.move(31_000)
    await watching().commit(writes)
    await expectNew(store())
  })

  const fresh = manyNotes(130, 'fresh')

  test('completes new resources whose transaction has stopped right after its record, for who asks for one and finds nothing', async () => {
    const { store, stopping } = setUp()
    await expect(stopping({ after: isRecord }).commit(fresh.map(create))).rejects.toThrow('stopped')
    expect((await getOne(store(), fresh[77] as Note))?.v).toBe(1)
    expect((await store().get(fresh)).every((version) => version?.v === 1)).toBe(true)
    expect(await liveIds(store(), 'Observation', listing)).toEqual(fresh.map(({ id }) => id))
  })

  test('completes them for who finds one of them in the index', async () => {
    const { store, stopping } = setUp()
    await expect(stopping({ after: isRecord }).commit(fresh.map(create))).rejects.toThrow('stopped')
    expect(await liveIds(store(), 'Observation', listing)).toEqual(fresh.map(({ id }) => id))
  })

  test('completes new resources that a writer has begun to create, for the first who meets one', async () => {
    const { store, stopping } = setUp()
    let batches = 0
    const second = (call: Call) => isApplying(call) && ++batches === 2
    await expect(stopping({ before: second }).commit(fresh.map(create))).rejects.toThrow('stopped')
    expect((await store().get(fresh)).every((version) => version?.v === 1)).toBe(true)
    expect(await liveIds(store(), 'Observation', listing)).toEqual(fresh.map(({ id }) => id))
    await engines().strict.settled()
    const history = await store().history({ type: 'Observation', limit: 1000 })
    expect(history.versions).toHaveLength(fresh.length)
  })

  test('completes new resources before it shows what changes with them', async () => {
    const { store, stopping } = setUp()
    await store().commit(changed.map((note) => put(note)))
    const before = await store().get(changed)
    const writes = [
      ...fresh.map(create),
      ...changed.map((note, n) => put({ ...note, code: 'changed' }, before[n])),
    ]
    await expect(stopping({ after: isRecord }).commit(writes)).rejects.toThrow('stopped')
    const note = changed[0] as Note
    expect((await getOne(store(), note))?.text).toContain('"changed"')
    expect((await store().get(fresh)).every((version) => version?.v === 1)).toBe(true)
  })

  test('completes what a dead holder has begun before it gives the held name away', async () => {
    const { clock, store, stopping } = setUp()
    const held = await store().lock(['a'])
    await store().commit(changed.map((note) => put(note)))
    await expect(stopping({ after: isRecord }).commit(fresh.map(create), held)).rejects.toThrow('stopped')
    clock.move(31_000)
    await store().lock(['a'])
    expect((await store().get(fresh)).every((version) => version?.v === 1)).toBe(true)
  })

  const updateMeanwhile = (store: () => Store, note: Note) => async () => {
    let before = await getOne(store(), note)
    while (!before) before = await getOne(store(), note)
    await store().commit([put({ ...note, code: 'meanwhile' }, before)])
  }

  test('keeps what was written while a slow writer was about to fold its change in', async () => {
    const { store, stopping } = setUp()
    const writes = await prepared(store())
    const note = changed[0] as Note
    const isFold = (call: Call) =>
      call.constructor.name === 'PutCommand' && JSON.stringify(call.input).includes(note.id)
    await stopping({ wait: isFold, meanwhile: updateMeanwhile(store, note) }).commit(writes)
    expect(await getOne(store(), note)).toMatchObject({ v: 3, text: expect.stringContaining('"meanwhile"') })
    expect((await store().get(created)).every((version) => version?.v === 1)).toBe(true)
  })

  test('keeps what was written while a slow writer was about to create by its journal', async () => {
    const { store, stopping } = setUp()
    const note = fresh[0] as Note
    const isFirst = (call: Call) => isApplying(call) && JSON.stringify(call.input).includes(note.id)
    const meanwhile = async () => {
      while (!(await getOne(store(), fresh.at(-1) as Note)));
      await updateMeanwhile(store, note)()
    }
    await stopping({ wait: isFirst, meanwhile }).commit(fresh.map(create))
    expect(await getOne(store(), note)).toMatchObject({ v: 2, text: expect.stringContaining('"meanwhile"') })
  })

  test('needs no further round to know that new resources are complete', async () => {
    // Keys that come back unprocessed cost a round of their own.
    engines().strict.change({ isolation: { unprocessed: 0 } })
    const { store } = setUp()
    await store().commit(fresh.map(create))
    const candidates = await readList(store(), listing)
    const reader = store()
    await reader.get(candidates.slice(0, 50).map(({ id, w }) => ({ type: 'Observation', id, w })))
    expect(reader.meter).toMatchObject({ rounds: 1, calls: 2 })
    engines().strict.change({ isolation: { unprocessed: testOptions.isolation.unprocessed } })
  })

  test('commits none of the new resources when something else of the transaction has changed', async () => {
    const { store } = setUp()
    const [note] = changed as [Note]
    await store().commit([put(note)])
    const before = await getOne(store(), note)
    await store().commit([put({ ...note, code: 'first' }, before)])
    const late = store().commit([...fresh.map(create), put({ ...note, code: 'late' }, before)])
    await expect(late).rejects.toMatchObject({ issues: [{ kind: 'version-conflict' }] })
    expect((await store().get(fresh)).every((version) => version === undefined)).toBe(true)
    expect((await readList(store(), listing)).map(({ since }) => since).sort()).toEqual([1, 2])
  })

  test('keeps large bodies of new resources', async () => {
    const { store } = setUp()
    const notes = fresh.map((note, n) => (n % 50 === 0 ? { ...note, filler: randomFiller(600_000) } : note))
    await store().commit(notes.map(create))
    expect((await store().get(notes)).map((version) => version?.text)).toEqual(notes.map(textOf))
  })
}
