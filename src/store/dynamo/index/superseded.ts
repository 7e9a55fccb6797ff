/** Superseded versions wait here until no search can need their index entries any more. */

import { createHash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { type Key, supersededKey } from '../../keys.ts'
import { inChunks } from '../../parallel.ts'
import type { ResourceKey } from '../../port.ts'
import { claimParams } from '../params.ts'
import { betweenParams } from '../read/query-params.ts'
import { databaseTime, deleteItem, errorName, putItem, query, type Session, updateItem } from '../session.ts'
import { expiry } from '../transaction/record.ts'

/** One version whose index entries are to be removed. */
export interface Superseded extends ResourceKey {
  v: number
  w: string
}

/** A row of versions that may be cleared away from an instant on. */
export interface SupersededRow extends Key {
  versions: Uint8Array
}

const mostInRow = 500

/** A sweeper that was stopped is replaced after so long, in milliseconds. */
const claimLength = 5 * 60_000

/** Sorts above every due instant of the next hours, whatever the local clock says. */
const clockMargin = 3600_000

type Tuple = [type: string, id: string, v: number, w: string]

const encode = (versions: readonly Superseded[]): Uint8Array =>
  deflateRawSync(JSON.stringify(versions.map(({ type, id, v, w }): Tuple => [type, id, v, w])))

/** Returns the versions of a row. */
export const versionsIn = ({ versions }: SupersededRow): Superseded[] =>
  (JSON.parse(inflateRawSync(versions).toString()) as Tuple[]).map(([type, id, v, w]) => ({ type, id, v, w }))

const dueOf = ({ sk }: Key): number => Date.parse(sk.slice(0, sk.indexOf('|')))

/** Keeps versions until they are due, an instant in milliseconds; the same ones may be kept again. */
export const keepSuperseded = async (
  session: Session,
  versions: readonly Superseded[],
  due: number,
): Promise<void> => {
  const { tenant, tables } = session
  for (const chunk of inChunks(versions, mostInRow)) {
    const encoded = encode(chunk)
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
  const { Items = [], LastEvaluatedKey } = await query(session, params)
  const rows = Items as SupersededRow[]
  return LastEvaluatedKey ? { rows, after: LastEvaluatedKey.sk } : { rows }
}

/** Returns rows that are due by the clock of DynamoDB, the longest due first. */
export const dueRows = async (session: Session, limit: number): Promise<SupersededRow[]> => {
  const { rows } = await rowsBefore(session, session.clock.now() + clockMargin, limit)
  const now = databaseTime(session)
  return rows.filter((row) => dueOf(row) <= now)
}

/** Takes a row for as long as clearing it away may last; returns whether nobody else has. */
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

/** Forgets a row whose versions are cleared away. */
export const forgetRow = async (session: Session, { pk, sk }: SupersededRow): Promise<void> => {
  await deleteItem(session, { TableName: session.tables.system, Key: { pk, sk } })
}

/** Returns every version that waits, as `Type/id w`. */
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
