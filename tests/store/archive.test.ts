import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Resource } from '../../src/fhir/definitions.ts'
import { archiveLine, parseArchiveLine } from '../../src/store/archive/line.ts'
import { restoreTenant } from '../../src/store/archive/restore.ts'
import { archiveFiles, archiveRecords } from '../../src/store/archive/stream.ts'
import { openStore } from '../../src/store/dynamo/open.ts'
import { openJanitor } from '../../src/store/janitor.ts'
import { typeList, valueList } from '../../src/store/keys.ts'
import type { Entry, Store } from '../../src/store/port.ts'
import {
  create,
  entriesOf,
  getOne,
  liveIds,
  manyNotes,
  type Note,
  put,
  randomFiller,
  readList,
  remove,
  textOf,
} from './drafts.ts'
import { type Engines, startEngines } from './engines.ts'
import { type Call, failingAt, isApplying, isRecord, movableClock, outliving } from './faults.ts'
import { asTheSdkGives, recordsOf as streamRecordsOf } from './stream-records.ts'

const entriesOfResource = (resource: Resource): Entry[] => {
  const { resourceType: type, id = '', code, date } = resource
  return entriesOf({ type, id, code: String(code), date: String(date) })
}

const version = {
  tenant: 'main',
  type: 'Patient',
  id: 'p1',
  v: 2,
  t: '2026-11-21T10:00:00.000Z',
  method: 'PUT',
  deleted: false,
  text: '{\n  "resourceType": "Patient",\r\n "value": 1.00 }',
} as const

describe('a line of the archive', () => {
  test('holds a version on one line, its digits untouched', () => {
    const line = archiveLine(version)
    expect(line).not.toMatch(/[\r\n]/)
    expect(line).toContain('"value": 1.00')
    expect(JSON.parse(line)).toMatchObject({ type: 'Patient', id: 'p1', v: 2, resource: { value: 1 } })
  })

  test('gives the version back', () => {
    expect(parseArchiveLine('main', archiveLine(version))).toEqual(version)
    const deletion = { ...version, v: 3, method: 'DELETE' as const, deleted: true, text: '' }
    expect(parseArchiveLine('main', archiveLine(deletion))).toEqual(deletion)
  })

  test('of before line breaks were kept is read as it was written', () => {
    const { tenant: _, text, ...head } = version
    const flat = text.replaceAll(/[\r\n]+/g, ' ')
    const old = `${JSON.stringify(head).slice(0, -1)},"resource":${flat}}`
    expect(parseArchiveLine('main', old)).toEqual({ ...version, text: flat })
  })

  test('gives any text back byte for byte', () => {
    const blank = fc.stringMatching(/^[ \t\r\n]{0,4}$/)
    const parts = fc.tuple(blank, blank, blank, fc.string({ unit: 'binary' }), blank, blank)
    fc.assert(
      fc.property(parts, ([a, b, c, value, d, e]) => {
        const text = `{${a}"resourceType"${b}:${c}"Basic",${d}"note":${JSON.stringify(value)}${e}}`
        const line = archiveLine({ ...version, text })
        expect(line).not.toMatch(/[\r\n]/)
        expect(JSON.parse(line).resource.note).toBe(value)
        expect(parseArchiveLine('main', line).text).toBe(text)
      }),
    )
  })

  test('goes into a file of its tenant, type and day', () => {
    const files = archiveFiles([version, { ...version, id: 'p2' }, { ...version, type: 'Group' }], '1-9')
    expect(files.map(({ key }) => key)).toEqual([
      expect.stringMatching(/^archive\/resources\/main\/Patient\/2026-11-21\/1-9-[\w-]{10}\.ndjson\.gz$/),
      expect.stringMatching(/^archive\/resources\/main\/Group\/2026-11-21\/1-9-[\w-]{10}\.ndjson\.gz$/),
    ])
    expect(files[0]?.text.trimEnd().split('\n')).toHaveLength(2)
  })
})

describe('the stream', () => {
  let engines: Engines
  beforeAll(async () => {
    engines = await startEngines()
  })
  afterAll(() => engines?.stop())

  const newTenant = () => `t${randomBytes(6).toString('hex')}`

  const recordsOf = (tenant: string) => streamRecordsOf(engines, tenant)

  const archivedIn = async (tenant: string): Promise<string[]> => {
    const found: string[] = []
    for await (const key of engines.archive.keys(`archive/resources/${tenant}/`)) {
      const lines = (await engines.archive.read(key)).trimEnd().split('\n')
      found.push(
        ...lines.map((line) => parseArchiveLine(tenant, line)).map(({ type, id, v }) => `${type}/${id}/${v}`),
      )
    }
    return found.sort()
  }

  const livelyTenant = async (): Promise<{ tenant: string; store: Store }> => {
    const tenant = newTenant()
    const store = engines.openStore(tenant)
    const key = { type: 'Patient', id: 'p1' }
    await store.commit([put({ ...key, code: 'one' })])
    await store.commit([put({ ...key, code: 'two' }, await getOne(store, key))])
    const last = await getOne(store, key)
    await store.commit(last ? [remove(last)] : [])
    await store.commit([put({ type: 'Group', id: 'large', code: 'x', filler: randomFiller(600_000) })])
    const notes = manyNotes(105, 'n')
    await store.commit(notes.map((note) => put(note)))
    const before = await store.get(notes)
    await store.commit(notes.map((note, n) => put({ ...note, code: 'new' }, before[n])))
    await store.commit(manyNotes(120, 'fresh', { type: 'Basic' }).map(create))
    return { tenant, store }
  }

  test('brings every committed version into the archive once, and nothing else', async () => {
    const { tenant } = await livelyTenant()
    const records = await recordsOf(tenant)
    await archiveRecords(records, engines.archive)
    await archiveRecords(asTheSdkGives(records), engines.archive)
    const expected = ['Group/large/1', 'Patient/p1/1', 'Patient/p1/2', 'Patient/p1/3']
    for (const { id } of manyNotes(105, 'n')) expected.push(`Observation/${id}/1`, `Observation/${id}/2`)
    for (const { id } of manyNotes(120, 'fresh')) expected.push(`Basic/${id}/1`)
    expect(await archivedIn(tenant)).toEqual(expected.sort())
  })

  test('brings nothing of an aborted transaction into the archive', async () => {
    const tenant = newTenant()
    const clock = movableClock()
    const place = { ...engines.place, clock }
    const notes = manyNotes(120, 'n')
    const stopping = openStore({ ...place, clients: failingAt(place.clients, { before: isRecord }) })(tenant)
    await expect(stopping.commit(notes.map((note) => put(note)))).rejects.toThrow('stopped')
    const open = openStore(place)
    await outliving(clock, 30_000, () =>
      open(tenant).commit([put({ type: 'Observation', id: 'n-00000', code: 'mine' })]),
    )
    await archiveRecords(await recordsOf(tenant), engines.archive)
    expect(await archivedIn(tenant)).toEqual(['Observation/n-00000/1'])
  })

  test('rebuilds an empty store: texts, versions, deletions, history and lists', async () => {
    const { tenant, store } = await livelyTenant()
    await archiveRecords(await recordsOf(tenant), engines.archive)
    const other = await startEngines()
    const count = await restoreTenant(other.place, engines.archive, tenant, entriesOfResource)
    expect(count).toBe(334)
    const restored = other.openStore(tenant)
    const keys = [{ type: 'Patient', id: 'p1' }, { type: 'Group', id: 'large' }, ...manyNotes(105, 'n')]
    const withoutWrite = (versions: Awaited<ReturnType<Store['get']>>) =>
      versions.map((version) => ({ ...version, w: '' }))
    expect(withoutWrite(await restored.get(keys))).toEqual(withoutWrite(await store.get(keys)))
    await Promise.all([engines, other].map(({ strict }) => strict.settled()))
    for (const scope of [{ type: 'Patient', id: 'p1' }, { type: 'Observation' }, {}]) {
      const [there, here] = await Promise.all(
        [restored, store].map((one) => one.history({ ...scope, limit: 1000 })),
      )
      expect(withoutWrite([...(there?.versions ?? [])])).toEqual(withoutWrite([...(here?.versions ?? [])]))
    }
    const list = valueList('Observation', 'code', 'new')
    expect(await liveIds(restored, 'Observation', list)).toEqual(await liveIds(store, 'Observation', list))
    const [, , note] = keys
    const before = note && (await getOne(restored, note))
    await restored.commit([put({ type: 'Observation', id: before?.id ?? '', code: 'next' }, before)])
    await other.stop()
  })

  test('brings back neither what was purged nor one large version for another', async () => {
    const tenant = newTenant()
    const store = engines.openStore(tenant)
    const of = (id: string, code: string): Note => ({
      type: 'Group',
      id,
      code,
      filler: id === 'large' ? randomFiller(500_000) : '',
    })
    for (const id of ['large', 'trimmed', 'purged'])
      for (const code of ['a', 'b']) {
        const before = await getOne(store, { type: 'Group', id })
        await store.commit([put(of(id, code), before)])
      }
    const last = await getOne(store, { type: 'Group', id: 'purged' })
    if (last) await store.commit([remove(last)])
    await store.purge({ type: 'Group', id: 'trimmed' }, false)
    await store.purge({ type: 'Group', id: 'purged' }, true)
    await archiveRecords(await recordsOf(tenant), engines.archive)
    const other = await startEngines()
    await restoreTenant(other.place, engines.archive, tenant, entriesOfResource)
    const restored = other.openStore(tenant)
    await other.strict.settled()
    const told = await restored.history({ type: 'Group', limit: 100 })
    const lines = told.versions.map(({ id, v, text }) => `${id} ${v} ${/"code": "(.)"/.exec(text)?.[1]}`)
    expect(lines.sort()).toEqual(['large 1 a', 'large 2 b', 'trimmed 2 b'])
    await other.stop()
  })

  test('keeps a posted bundle as it came', async () => {
    const tenant = newTenant()
    await engines.archive.bundle(tenant, 'b1', '{"resourceType": "Bundle", "total": 1.0}')
    const keys: string[] = []
    for await (const key of engines.archive.keys(`archive/bundles/${tenant}/`)) keys.push(key)
    expect(keys).toHaveLength(1)
    expect(await engines.archive.read(keys[0] ?? '')).toBe('{"resourceType": "Bundle", "total": 1.0}')
  })

  describe('tells the janitor', () => {
    const leftoverEntries = async (stop: (call: { constructor: { name: string } }) => boolean) => {
      const tenant = newTenant()
      const store = engines.openStore(tenant)
      const notes = manyNotes(3, 'n')
      await store.commit(notes.map((note) => put(note)))
      await store.commit([put({ type: 'Observation', id: 'alone', code: 'x' })])
      const old = [...notes, { type: 'Observation', id: 'alone' }]
      const before = await store.get(old)
      const stopping = openStore({ ...engines.place, clients: failingAt(engines.clients, { after: stop }) })(
        tenant,
      )
      const writes = old.map((note, n) => put({ ...note, code: 'new' }, before[n]))
      await stopping.commit(writes).catch(() => undefined)
      return { tenant, store }
    }

    test('what a writer had no time to remove', async () => {
      const { tenant, store } = await leftoverEntries(
        (call) => call.constructor.name === 'TransactWriteCommand',
      )
      expect(await readList(store, typeList('Observation'))).toHaveLength(8)
      const sweepAfter = (delay?: number) =>
        openJanitor(engines.place, engines.archive, () => entriesOfResource, delay)
      const records = await recordsOf(tenant)
      expect(await sweepAfter()(records)).toBe(0)
      expect(await readList(store, typeList('Observation'))).toHaveLength(8)
      const sweep = sweepAfter(0)
      expect(await sweep(records)).toBeGreaterThan(0)
      expect(await readList(store, typeList('Observation'))).toHaveLength(4)
      expect(await liveIds(store, 'Observation', typeList('Observation'))).toHaveLength(4)
      expect(await sweep(asTheSdkGives(records))).toBe(0)
    })

    test('to take one resource out of an item that it shares with others, and the item with the last', async () => {
      const tenant = newTenant()
      const store = engines.openStore(tenant)
      const notes = manyNotes(3, 'shared', { code: 'same', date: '2026-05-05' })
      await store.commit(notes.map((note) => put(note)))
      const list = valueList('Observation', 'code', 'same')
      for (const [n, left] of [['shared-00001', 'shared-00002'], ['shared-00002'], []].entries()) {
        const before = await getOne(store, { type: 'Observation', id: `shared-0000${n}` })
        await store.commit(before ? [remove(before)] : [])
        const janitor = openJanitor(engines.place, engines.archive, () => entriesOfResource, 0)
        await janitor(await recordsOf(tenant))
        expect((await readList(store, list)).map(({ id }) => id)).toEqual(left)
      }
    })

    test('which journal a dead writer has not carried out', async () => {
      const tenant = newTenant()
      const notes = manyNotes(130, 'n')
      let batches = 0
      const second = (call: Call) => isApplying(call) && ++batches === 2
      const stopping = openStore({
        ...engines.place,
        clients: failingAt(engines.clients, { before: second }),
      })(tenant)
      await expect(stopping.commit(notes.map(create))).rejects.toThrow('stopped')
      const begun = await recordsOf(tenant)
      await openJanitor(engines.place, engines.archive, () => entriesOfResource)(begun)
      expect(begun.length).toBeLessThan(notes.length)
      expect(await recordsOf(tenant)).toHaveLength(notes.length)
    })

    test('what an aborted transaction has left', async () => {
      const tenant = newTenant()
      const clock = movableClock()
      const place = { ...engines.place, clock }
      const notes = manyNotes(120, 'n')
      const stopping = openStore({ ...place, clients: failingAt(place.clients, { before: isRecord }) })(
        tenant,
      )
      await expect(stopping.commit(notes.map((note) => put(note)))).rejects.toThrow('stopped')
      const open = openStore(place)
      const update = () => open(tenant).commit([put({ type: 'Observation', id: 'n-00000', code: 'mine' })])
      await outliving(clock, 30_000, update)
      const store = open(tenant)
      await store.get(notes)
      clock.move(30_001)
      await store.get(notes)
      await openJanitor(place, engines.archive, () => entriesOfResource)(await recordsOf(tenant))
      expect((await readList(store, typeList('Observation'))).map(({ id }) => id)).toEqual(['n-00000'])
    })
  })

  test('keeps the text of a note as a client wrote it', async () => {
    const tenant = newTenant()
    const note = { type: 'Patient', id: 'p1', code: 'one' }
    await engines.openStore(tenant).commit([put(note)])
    await archiveRecords(await recordsOf(tenant), engines.archive)
    for await (const key of engines.archive.keys(`archive/resources/${tenant}/`)) {
      expect(await engines.archive.read(key)).toContain(textOf(note).replaceAll('\n', ' '))
    }
  })
})
