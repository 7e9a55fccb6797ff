/** The queue of superseded versions, whose index entries stay until no search can need them any more. */

import { createHash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { type Key, supersededKey } from '../../keys.ts'
import { inChunks } from '../../parallel.ts'
import type { ResourceKey } from '../../port.ts'
import { claimParams } from '../params.ts'
import { betweenParams } from '../read/query-params.ts'
import {
  databaseTime,
  deleteItem,
  errorName,
  putItem,
  queryItems,
  type Session,
  updateItem,
} from '../session.ts'
import { expiry } from '../transaction/record.ts'

/** A version whose index entries are to be removed. */
export interface Superseded extends ResourceKey {
  v: number
  w: string
}

/** A row of versions whose index entries may be removed from an instant on. */
export interface SupersededRow extends Key {
  versions: Uint8Array
}

const mostVersionsInRow = 500

/** The time in milliseconds after which a row that a janitor has taken is taken over. */
const claimLength = 5 * 60_000

/** An hour in milliseconds: covers every due instant even if the local clock is late. */
const clockMargin = 3600_000

type VersionTuple = [type: string, id: string, v: number, w: string]

const encodeVersions = (versions: readonly Superseded[]): Uint8Array =>
  deflateRawSync(JSON.stringify(versions.map(({ type, id, v, w }): VersionTuple => [type, id, v, w])))

/** Returns the versions in a row. */
export const versionsIn = ({ versions }: SupersededRow): Superseded[] =>
  (JSON.parse(inflateRawSync(versions).toString()) as VersionTuple[]).map(([type, id, v, w]) => ({
    type,
    id,
    v,
    w,
  }))

const dueOf = ({ sk }: Key): number => Date.parse(sk.slice(0, sk.indexOf('|')))

/** Queues versions until `due`, in milliseconds since 1970; queueing the same versions twice is harmless. */
export const keepSuperseded = async (
  session: Session,
  versions: readonly Superseded[],
  due: number,
): Promise<void> => {
  const { tenant, tables } = session
  for (const chunk of inChunks(versions, mostVersionsInRow)) {
    const encoded = encodeVersions(chunk)
    const name = createHash('sha256').update(encoded).digest('base64url').slice(0, 16)
    const key = supersededKey(tenant, new Date(due).toISOString(), name)
    const Item = { ...key, versions: encoded, ttl: expiry(session) }
    await putItem(session, { TableName: tables.system, Item })
  }
}

const rowsBefore = async (
  session: Session,
  to: number,
  limit: number,
  after?: string,
): Promise<{ rows: SupersededRow[]; after?: string }> => {
  const range = { to: new Date(to).toISOString(), reverse: false, limit, ...(after && { after }) }
  const params = betweenParams(session.tables.system, supersededKey(session.tenant, '', '').pk, range)
  const { Items = [], LastEvaluatedKey } = await queryItems(session, params)
  const rows = Items as SupersededRow[]
  return LastEvaluatedKey ? { rows, after: LastEvaluatedKey.sk } : { rows }
}

/** Returns the rows that are due by DynamoDB's clock, the longest due first. */
export const dueRows = async (session: Session, limit: number): Promise<SupersededRow[]> => {
  const { rows } = await rowsBefore(session, session.clock.now() + clockMargin, limit)
  const now = databaseTime(session)
  return rows.filter((row) => dueOf(row) <= now)
}

/** Takes a row for the time that clearing it may last; returns false if another janitor has taken it. */
export const claimRow = async (session: Session, row: SupersededRow): Promise<boolean> => {
  const now = databaseTime(session)
  try {
    await updateItem(session, claimParams(session.tables.system, row, now, now - claimLength))
    return true
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
    return false
  }
}

/** Removes a row whose versions are cleared. */
export const forgetRow = async (session: Session, { pk, sk }: SupersededRow): Promise<void> => {
  await deleteItem(session, { TableName: session.tables.system, Key: { pk, sk } })
}

/** Returns all versions in the queue, as `Type/id w`. */
export const waitingVersions = async (session: Session): Promise<ReadonlySet<string>> => {
  const found = new Set<string>()
  let after: string | undefined
  do {
    const page = await rowsBefore(session, session.clock.now() + clockMargin, 100, after)
    for (const { type, id, w } of page.rows.flatMap(versionsIn)) found.add(`${type}/${id} ${w}`)
    after = page.after
  } while (after !== undefined)
  return found
}
