import type { Session, WatchedTransaction } from '../session.ts'
import { beatOf } from './registry.ts'

const mostWatched = 10_000

const beginWatch = ({ memory }: Session, name: string, watched: WatchedTransaction): void => {
  if (memory.watched.size >= mostWatched) memory.watched.clear()
  memory.watched.set(name, watched)
}

/**
 * Returns whether this process has watched a transaction without a record for a lease and saw no sign of life, so that
 * the transaction may be aborted. The first call begins the watch. Only the process's own monotonic clock counts: a wrong
 * wall clock anywhere cannot end a live transaction.
 */
export const isAbandoned = async (session: Session, txn: string): Promise<boolean> => {
  const { memory, clock, timing, tenant } = session
  const name = `${tenant}|${txn}`
  const known = memory.watched.get(name)
  if (known && clock.monotonic() - known.since < timing.lease) return false
  const beat = await beatOf(session, txn)
  if (known && known.beat === beat) return true
  beginWatch(session, name, { since: clock.monotonic(), beat })
  return false
}

/** Returns whether the leftovers of a transaction that has ended were seen for at least a lease. */
export const isLeftBehind = (session: Session, txn: string): boolean => {
  const { memory, clock, timing, tenant } = session
  const name = `${tenant}|${txn}`
  const known = memory.watched.get(name)
  if (!known) beginWatch(session, name, { since: clock.monotonic(), beat: -1 })
  return known !== undefined && clock.monotonic() - known.since >= timing.lease
}
