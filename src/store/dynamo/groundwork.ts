/** The puts before a commit's flip, and their removal after a failure. */

import { buildKey } from '../keys.ts'
import { inParallel } from '../parallel.ts'
import { memberListOf } from '../write-ids.ts'
import { type BatchRequest, writeAll } from './batch.ts'
import { indexItems, type PlacedEntries, removeItems } from './index/items.ts'
import { marksOfVersions, putMarks, rememberMarks, unknownMarks } from './index/marks.ts'
import { memberRows } from './index/members.ts'
import { itemOfVersion, type Prepared, pastItem } from './items.ts'
import { putObject, type Session } from './session.ts'

const entriesOfWrites = (prepared: readonly Prepared[]): PlacedEntries[] =>
  prepared.map(({ key, item, write }) => ({
    id: key.id,
    v: item.v,
    w: item.w,
    entries: write.entries,
  }))

/**
 * Returns the rows that list a write's members, by which readers see the write as a whole; no rows for a write of a
 * single resource.
 */
const listedMembers = (session: Session, prepared: readonly Prepared[]): BatchRequest[] => {
  const list = memberListOf(prepared[0]?.item.w ?? '')
  if (list === undefined) return []
  const members = prepared.map(({ key, item }) => ({ ...key, v: item.v }))
  return memberRows(session, list, members).map((put) => ({ table: session.tables.system, put }))
}

/** Returns all puts that must be durable before the flip; readers see their items only after the flip. */
const groundwork = (
  session: Session,
  prepared: readonly Prepared[],
  marks: readonly BatchRequest[],
): BatchRequest[] => {
  const { tenant, tables } = session
  return [
    ...marks,
    ...listedMembers(session, prepared),
    ...prepared.flatMap(({ write: { before } }) =>
      before ? [{ table: tables.resources, put: { ...pastItem(itemOfVersion(tenant, before)) } }] : [],
    ),
    ...indexItems(tenant, entriesOfWrites(prepared)).map((put) => ({
      table: tables.search,
      put: { ...put },
    })),
  ]
}

/**
 * Returns the row that names this process's build, together with a day's first mark: reindexing finds by these rows the
 * builds that have written.
 */
const buildMarks = async (
  { build, tenant, tables }: Session,
  marks: readonly { label?: unknown }[],
): Promise<BatchRequest[]> => {
  if (!build || marks.every(({ label }) => label !== undefined)) return []
  const { print, types } = await build()
  return [{ table: tables.system, put: { ...buildKey(tenant, print), types } }]
}

/** Puts everything that must be durable before the flip; fails with `throttled` when the tables do not take it in time. */
export const layGround = async (session: Session, prepared: readonly Prepared[]): Promise<void> => {
  const written = prepared.map(({ write }) => write)
  const marks = unknownMarks(session, marksOfVersions(session.tenant, written))
  const builds = await buildMarks(session, marks)
  const upload = async ({ item: { s3 }, large }: Prepared) => {
    if (s3 && large) await putObject(session, s3, large)
  }
  await Promise.all([
    inParallel(
      4,
      prepared.filter(({ large }) => large),
      upload,
    ),
    writeAll(session, groundwork(session, prepared, [...builds, ...putMarks(session, marks)])),
  ])
  rememberMarks(session, marks)
}

/**
 * Removes the index entries of a failed attempt if that works at once; entries that stay are ignored by readers and
 * removed by the index audit.
 */
export const clearAway = async (session: Session, prepared: readonly Prepared[]): Promise<void> => {
  const keys = indexItems(session.tenant, entriesOfWrites(prepared))
  await removeItems(session, keys).catch(() => undefined)
}
