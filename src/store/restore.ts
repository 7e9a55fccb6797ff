import { type ArchivedVersion, parseArchiveLine } from './archive/line.ts'
import { isPurged, type Purged, purgedIn } from './archive/purged.ts'
import type { Archive } from './archive.ts'
import { type BatchRequest, writeAll } from './dynamo/batch.ts'
import { indexItems } from './dynamo/index-items.ts'
import { pastItem, prepare } from './dynamo/items.ts'
import { marksOf, putMarks } from './dynamo/marks.ts'
import { openSession, type StorePlace } from './dynamo/open.ts'
import { putObject, type Session } from './dynamo/session.ts'
import type { EntriesOf } from './janitor.ts'
import { archivePrefix } from './keys.ts'
import { inChunks } from './parallel.ts'
import type { Entry, Write } from './port.ts'
import { newWriteId } from './write-ids.ts'

const chunkSize = 500

interface Source {
  archive: Archive
  tenant: string
  purged: Purged
}

const versionsIn = async ({ archive, tenant, purged }: Source, key: string): Promise<ArchivedVersion[]> => {
  const lines = (await archive.read(key)).split('\n').filter((line) => line !== '')
  return lines.map((line) => parseArchiveLine(tenant, line)).filter((version) => !isPurged(purged, version))
}

const newestVersions = async (source: Source, keys: readonly string[]): Promise<Map<string, number>> => {
  const newest = new Map<string, number>()
  for (const key of keys) {
    for (const { id, v } of await versionsIn(source, key)) {
      newest.set(id, Math.max(v, newest.get(id) ?? 0))
    }
  }
  return newest
}

const writeOf = ({ deleted, text, ...version }: ArchivedVersion, entries: readonly Entry[]): Write => ({
  ...version,
  ...(!deleted && { text }),
  before: undefined,
  entries,
})

const requestsOf = async (
  session: Session,
  versions: readonly ArchivedVersion[],
  isNewest: (version: ArchivedVersion) => boolean,
  entriesOf: EntriesOf,
): Promise<BatchRequest[]> => {
  const { tenant, tables } = session
  const w = newWriteId(versions.length === 1)
  const prepared = versions.map((version) => {
    const indexed = isNewest(version) && !version.deleted
    return prepare(
      tenant,
      writeOf(version, indexed ? entriesOf(JSON.parse(version.text), version.t) : []),
      // Entries are found by the write id of the newest only; a body's place is told by its write id, so each has its own.
      isNewest(version) ? w : newWriteId(true),
      false,
    )
  })
  for (const { item, large } of prepared) if (item.s3 && large) await putObject(session, item.s3, large)
  const placed = prepared.map(({ key, write }) => ({
    id: key.id,
    v: write.v,
    w,
    entries: write.entries,
  }))
  return [
    ...putMarks(session, marksOf(tenant, versions)),
    ...indexItems(tenant, placed).map((put) => ({ table: tables.search, put: { ...put } })),
    ...prepared.map(({ item }, at) => {
      const version = versions[at]
      return { table: tables.resources, put: { ...(version && isNewest(version) ? item : pastItem(item)) } }
    }),
  ]
}

const restoreType = async (
  session: Session,
  source: Source,
  keys: readonly string[],
  entriesOf: EntriesOf,
): Promise<number> => {
  const newest = await newestVersions(source, keys)
  const done = new Set<string>()
  const isNewest = ({ id, v }: ArchivedVersion) => newest.get(id) === v
  const isNew = ({ id, v }: ArchivedVersion) => !done.has(`${id}/${v}`) && done.add(`${id}/${v}`)
  for (const key of keys) {
    const versions = (await versionsIn(source, key)).filter(isNew)
    for (const chunk of inChunks(versions, chunkSize)) {
      await writeAll(session, await requestsOf(session, chunk, isNewest, entriesOf))
    }
  }
  return done.size
}

/** Rebuilds a tenant's empty store from the archive, versions and deletions included; returns how many versions. */
export const restore = async (
  place: StorePlace,
  archive: Archive,
  tenant: string,
  entriesOf: EntriesOf,
): Promise<number> => {
  const session = openSession(place)(tenant)
  const source = { archive, tenant, purged: await purgedIn(archive, tenant) }
  const keys: string[] = []
  for await (const key of archive.keys(archivePrefix(tenant))) keys.push(key)
  const byType = Map.groupBy(keys, (key) => key.slice(archivePrefix(tenant).length).split('/')[0])
  let count = 0
  for (const ofType of byType.values()) count += await restoreType(session, source, ofType, entriesOf)
  return count
}
