import { failure } from '../../../outcome/failure.ts'
import type { Reading } from '../../port.ts'
import { isBygone, memberListOf } from '../../write-ids.ts'
import { membersOf } from '../index/members.ts'
import { databaseTime, type Session } from '../session.ts'

/** Index entries outlive what superseded them by three times as long, in milliseconds. */
const longestReading = 20_000

/** An answer's `Date` is told to the second. */
const rounding = 1_000

const mostKnown = 20_000

const tooSlow = () =>
  failure('busy', 'The search took too long while others were writing. Try again in a moment.')

/** Notes that a write of several resources was committed: for requests that begin from now on. */
export const noteCommitted = ({ memory, tenant }: Session, lists: Iterable<string>): void => {
  const { committed } = memory
  if (committed.lists.size >= mostKnown) committed.lists.clear()
  const moment = ++committed.moments
  for (const list of lists) {
    const name = `${tenant}|${list}`
    if (!committed.lists.has(name)) committed.lists.set(name, moment)
  }
}

/**
 * A TransactWriteItems becomes visible one item after the other: whoever has met one item of it knows that all of it can be
 * read only so much later, in milliseconds. AWS gives no bound; a call is answered, or given up, within a tenth of this.
 */
const visibleWithin = 30_000

/** Returns whether a list is of a write that one TransactWriteItems committed; others are committed by one record. */
const isSpread = (list: string): boolean => list.startsWith('s')

/** Notes which writes of several resources a reading has met. */
const noteMet = (session: Session, lists: readonly string[]): void => {
  const { memory, tenant, clock } = session
  noteCommitted(
    session,
    lists.filter((list) => !isSpread(list)),
  )
  if (memory.committed.met.size >= mostKnown) memory.committed.met.clear()
  for (const list of lists.filter(isSpread)) {
    const name = `${tenant}|${list}`
    if (!memory.committed.met.has(name)) memory.committed.met.set(name, clock.monotonic())
  }
}

/** Begins a reading: it knows which writes had been met by requests that had ended by now, and how long it lasts. */
export const beginReading = (session: Session): Reading => {
  const { memory, tenant, clients, clock } = session
  const begun = { moment: ++memory.committed.moments, at: clock.monotonic() }
  let first: number | undefined
  const isKnown = (list: string): boolean => {
    const name = `${tenant}|${list}`
    const since = memory.committed.lists.get(name)
    const met = memory.committed.met.get(name)
    return (
      (since !== undefined && since < begun.moment) || (met !== undefined && begun.at - met > visibleWithin)
    )
  }
  return {
    doubted: (w) => {
      const list = memberListOf(w)
      return list === undefined || isBygone(w, databaseTime(session)) || isKnown(list) ? undefined : list
    },
    members: (lists, types) => membersOf(session, lists, types),
    check: () => {
      const date = clients.heard?.()?.date
      if (clock.monotonic() - begun.at > longestReading) throw tooSlow()
      if (date !== undefined && first !== undefined && date - first > longestReading + rounding)
        throw tooSlow()
    },
    heard: () => {
      first ??= clients.heard?.()?.date
    },
    end: (lists) => noteMet(session, [...lists]),
  }
}
