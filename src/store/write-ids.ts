import { randomBytes } from 'node:crypto'

/** Returns 16 characters of base64url that nobody has had before. */
export const newRandomId = (): string => randomBytes(12).toString('base64url')

/** Returns 16 characters of base64url that nobody has had before, and that tell the second in which they were made. */
const newDatedId = (now: number): string => {
  const bytes = randomBytes(12)
  bytes.writeUInt32BE(Math.floor(now / 1000))
  return bytes.toString('base64url')
}

/** Returns a new write id; its first letter says whether one resource was written under it or several. */
export const newWriteId = (alone: boolean, now = Date.now()): string =>
  `${alone ? 'a' : 's'}${newDatedId(now)}`

/** Returns whether index items under this write id hold one resource only. */
export const isAlone = (w: string): boolean => w.startsWith('a')

/** Returns the write id of one part of a transaction that keeps a journal: it names the transaction. */
export const journalWriteId = (txn: string, part: number): string => `j${txn}.${part}`

/** Returns the transaction that a write id names, if it kept a journal. */
export const journalOf = (w: string): string | undefined =>
  w.startsWith('j') ? w.slice(1, w.lastIndexOf('.')) : undefined

/** Returns the write id of one part of a staged transaction without a journal: it names the transaction. */
export const stagedWriteId = (txn: string, part: number): string => `t${txn}.${part}`

const transactionIn = (w: string): string | undefined =>
  w.startsWith('j') || w.startsWith('t') ? w.slice(1, w.lastIndexOf('.')) : undefined

/** Returns the name under which a write of several resources lists its members; undefined for a write of one. */
export const memberListOf = (w: string): string | undefined =>
  isAlone(w) ? undefined : (transactionIn(w) ?? w)

/** Returns when a write id was made, in milliseconds since 1970, by its writer's clock; to the second, where it names no transaction. */
export const bornAt = (w: string): number => {
  const txn = transactionIn(w)
  if (txn !== undefined) return Number(txn.slice(0, 14))
  const bytes = Buffer.from(w.slice(1), 'base64url')
  return bytes.length === 12 ? bytes.readUInt32BE() * 1000 : 0
}

/** No function runs longer, in milliseconds: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const longestWrite = 15 * 60_000

/**
 * Two clocks differ by less than this, in milliseconds: AWS refuses signatures that are more than five minutes off, so ten
 * minutes lie between two that it takes, and one more is for rounding and for the way.
 */
export const clocksApart = 11 * 60_000

/** Returns whether a write that was begun so long ago, by any clock, must not be committed any more. */
export const isSpent = (milliseconds: number): boolean => milliseconds > longestWrite

/** Returns whether what stands under a write id, and was not committed, will never be; `now` is the database's time. */
export const isLost = (w: string, now: number): boolean =>
  Math.abs(now - bornAt(w)) > longestWrite + clocksApart

/** Returns whether a write id is so old that what is committed under it was committed before now; `now` is the database's time. */
export const isBygone = (w: string, now: number): boolean => now - bornAt(w) > longestWrite + clocksApart
