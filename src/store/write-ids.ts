import { randomBytes } from 'node:crypto'

/** Returns 16 characters of base64url that nobody has had before. */
export const newRandomId = (): string => randomBytes(12).toString('base64url')

/** Returns 16 random characters of base64url that contain the second of their creation. */
const newDatedId = (now: number): string => {
  const bytes = randomBytes(12)
  bytes.writeUInt32BE(Math.floor(now / 1000))
  return bytes.toString('base64url')
}

/** Returns a new write id; its first letter tells a write of a single resource from a write of several. */
export const newWriteId = (alone: boolean, now = Date.now()): string =>
  `${alone ? 'a' : 's'}${newDatedId(now)}`

/** Returns whether a write id is of a single resource. */
export const isAlone = (w: string): boolean => w.startsWith('a')

/** Returns the write id of a part of a transaction with a journal; the id contains the transaction's. */
export const journalWriteId = (txn: string, part: number): string => `j${txn}.${part}`

/** Returns the transaction of a write id with a journal; undefined for other write ids. */
export const journalOf = (w: string): string | undefined =>
  w.startsWith('j') ? w.slice(1, w.lastIndexOf('.')) : undefined

/**
 * Returns the write id of a part of a staged transaction without a journal; the id contains the
 * transaction's.
 */
export const stagedWriteId = (txn: string, part: number): string => `t${txn}.${part}`

const transactionIn = (w: string): string | undefined =>
  w.startsWith('j') || w.startsWith('t') ? w.slice(1, w.lastIndexOf('.')) : undefined

/**
 * Returns the name of the member list of a write of several resources; undefined for a write of a single
 * resource.
 */
export const memberListOf = (w: string): string | undefined =>
  isAlone(w) ? undefined : (transactionIn(w) ?? w)

/**
 * Returns the creation time of a write id by its writer's clock, in milliseconds since 1970; to the second
 * for ids that contain no transaction.
 */
export const bornAt = (w: string): number => {
  const txn = transactionIn(w)
  if (txn !== undefined) return Number(txn.slice(0, 14))
  const bytes = Buffer.from(w.slice(1), 'base64url')
  return bytes.length === 12 ? bytes.readUInt32BE() * 1000 : 0
}

/** No function runs longer, in milliseconds: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const longestWrite = 15 * 60_000

/**
 * Two clocks differ by less than this, in milliseconds: AWS refuses signatures more than five minutes off, so
 * accepted clocks are at most ten minutes apart; another minute covers rounding and transport.
 */
export const clocksApart = 11 * 60_000

/** Returns whether a write that was begun so long ago, by any clock, must not be committed any more. */
export const isTooOldToCommit = (milliseconds: number): boolean => milliseconds > longestWrite

/** Returns whether an uncommitted write of this id can never be committed; `now` is the database's time. */
export const isLost = (w: string, now: number): boolean =>
  Math.abs(now - bornAt(w)) > longestWrite + clocksApart

/**
 * Returns whether a write of this id, if committed, was committed before now; `now` is the database's time.
 */
export const isBygone = (w: string, now: number): boolean => now - bornAt(w) > longestWrite + clocksApart
