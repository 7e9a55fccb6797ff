import { referenceTo } from '../../fhir/references.ts'
import { isKind } from '../../outcome/failure.ts'
import { type BatchRequest, writeAll } from '../dynamo/batch.ts'
import { indexItems } from '../dynamo/index/items.ts'
import { marksOfVersions, putMarks } from '../dynamo/index/marks.ts'
import { pastItem, prepare } from '../dynamo/items.ts'
import { openSession, type StorePlace } from '../dynamo/open.ts'
import { putObject, type Session } from '../dynamo/session.ts'
import type { EntriesOf } from '../janitor.ts'
import { archivePrefix } from '../keys.ts'
import { inChunks, inParallel } from '../parallel.ts'
import type { Entry, Write } from '../port.ts'
import { newWriteId } from '../write-ids.ts'
import type { Archive } from './archive.ts'
import { type ArchivedVersion, parseArchiveLine } from './line.ts'
import { isPurged, type Purged, purgedIn } from './purged.ts'

/** Versions per write, objects written at once, and objects only read at once. */
const chunkSize = 500
const writtenAtOnce = 4
const readAtOnce = 16

/** The pause for a throttled table, in milliseconds, and the number of pauses before the restore gives up. */
const throttlePause = 5_000
const mostPauses = 120

/**
 * Returns a write id of an hour ago: a search looks into recent writes, and restored versions are not recent.
 */
const restoredId = (alone: boolean): string => newWriteId(alone, Date.now() - 3_600_000)

interface Source {
  archive: Archive
  tenant: string
  purged: Purged
}

const unpurgedVersionsIn = async (
  { archive, tenant, purged }: Source,
  key: string,
): Promise<ArchivedVersion[]> => {
  const lines = (await archive.read(key)).split('\n').filter((line) => line !== '')
  return lines.map((line) => parseArchiveLine(tenant, line)).filter((version) => !isPurged(purged, version))
}

/** Returns the highest version number of each resource, `Type/id`. */
const newestVersions = async (source: Source, keys: readonly string[]): Promise<Map<string, number>> => {
  const newest = new Map<string, number>()
  await inParallel(readAtOnce, keys, async (key) => {
    for (const { type, id, v } of await unpurgedVersionsIn(source, key)) {
      const name = referenceTo({ type, id })
      newest.set(name, Math.max(v, newest.get(name) ?? 0))
    }
  })
  return newest
}

const restoredWriteOf = (
  { deleted, text, ...version }: ArchivedVersion,
  entries: readonly Entry[],
): Write => ({
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
  const w = restoredId(versions.length === 1)
  const prepared = versions.map((version) => {
    const indexed = isNewest(version) && !version.deleted
    return prepare(
      tenant,
      restoredWriteOf(version, indexed ? entriesOf(JSON.parse(version.text), version.t) : []),
      // Entries are found by the write id of the newest only; a body's place is told by its write id, so each has its own.
      isNewest(version) ? w : restoredId(true),
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
    ...putMarks(session, marksOfVersions(tenant, versions)),
    ...indexItems(tenant, placed).map((put) => ({ table: tables.search, put: { ...put } })),
    ...prepared.map(({ item }, at) => {
      const version = versions[at]
      return { table: tables.resources, put: { ...(version && isNewest(version) ? item : pastItem(item)) } }
    }),
  ]
}

/**
 * Writes, and retries throttled writes: a new on-demand table takes 4,000 write units a second, and more only
 * gradually.
 */
const writePatiently = async (
  session: Session,
  requests: readonly BatchRequest[],
  pauses = mostPauses,
): Promise<void> => {
  try {
    await writeAll(session, requests)
  } catch (error) {
    if (!isKind(error, 'throttled') || pauses === 0) throw error
    await session.clock.sleep(throttlePause)
    await writePatiently(session, requests, pauses - 1)
  }
}

/**
 * Rebuilds a tenant's empty store from the archive, deletions included; returns the number of versions. Fails
 * if an object cannot be read, or if the tables stay throttled for ten minutes; it may be started again.
 */
export const restoreTenant = async (
  place: StorePlace,
  archive: Archive,
  tenant: string,
  entriesOf: EntriesOf,
): Promise<number> => {
  const session = openSession(place)(tenant)
  const source = { archive, tenant, purged: await purgedIn(archive, tenant) }
  const keys: string[] = []
  for await (const key of archive.keys(archivePrefix(tenant))) keys.push(key)
  const newest = await newestVersions(source, keys)
  const done = new Set<string>()
  const isNewest = ({ type, id, v }: ArchivedVersion) => newest.get(referenceTo({ type, id })) === v
  const isNew = ({ type, id, v }: ArchivedVersion) => {
    const name = `${type}/${id}/${v}`
    return !done.has(name) && done.add(name)
  }
  await inParallel(writtenAtOnce, keys, async (key) => {
    const versions = (await unpurgedVersionsIn(source, key)).filter(isNew)
    for (const chunk of inChunks(versions, chunkSize))
      await writePatiently(session, await requestsOf(session, chunk, isNewest, entriesOf))
  })
  return done.size
}
