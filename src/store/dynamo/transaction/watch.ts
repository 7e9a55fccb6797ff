import type { Session, Watched } from '../session.ts'
import { beatOf } from './registry.ts'

const mostWatched = 10_000

const begin = ({ memory }: Session, name: string, watched: Watched): void => {
  if (memory.watched.size >= mostWatched) memory.watched.clear()
  memory.watched.set(name, watched)
}

/**
 * Returns whether this process has watched a transaction without a record for the length of a lease and saw no sign of
 * life: then it may end it. The first look begins the watch. Only the process's own monotonic clock counts: however wrong
 * anybody's wall clock is, a transaction under way is left alone for as long.
 */
export const isAbandoned = async (session: Session, txn: string): Promise<boolean> => {
  const { memory, clock, timing, tenant } = session
  const name = `${tenant}|${txn}`
  const known = memory.watched.get(name)
  if (known && clock.monotonic() - known.since < timing.lease) return false
  const beat = await beatOf(session, txn)
  if (known && known.beat === beat) return true
  begin(session, name, { since: clock.monotonic(), beat })
  return false
}

/** Returns whether what a transaction that has ended left behind was seen to lie there for the length of a lease. */
export const isLeft = (session: Session, txn: string): boolean => {
  const { memory, clock, timing, tenant } = session
  const name = `${tenant}|${txn}`
  const known = memory.watched.get(name)
  if (!known) begin(session, name, { since: clock.monotonic(), beat: -1 })
  return known !== undefined && clock.monotonic() - known.since >= timing.lease
}
