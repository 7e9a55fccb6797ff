import { failure } from '../../../outcome/failure.ts'
import type { Reading } from '../../port.ts'
import { isBygone, memberListOf } from '../../write-ids.ts'
import { memberVersions } from '../index/members.ts'
import { databaseTime, type Session } from '../session.ts'

/** The longest time of a reading in milliseconds; index entries stay three times as long after they are superseded. */
const longestReading = 20_000

/** The precision of an answer's `Date` header, in milliseconds. */
const rounding = 1_000

const mostKnownWrites = 20_000

const tooSlow = () =>
  failure('busy', 'The search took too long while others were writing. Try again in a moment.')

/** Notes that writes of several resources were committed, for readings that begin from now on. */
export const noteCommitted = ({ memory, tenant }: Session, lists: Iterable<string>): void => {
  const { committed } = memory
  if (committed.lists.size >= mostKnownWrites) committed.lists.clear()
  const moment = ++committed.moments
  for (const list of lists) {
    const name = `${tenant}|${list}`
    if (!committed.lists.has(name)) committed.lists.set(name, moment)
  }
}

/**
 * The time in milliseconds after which a TransactWriteItems is visible as a whole after any of its items was read: its
 * items become visible in turn. AWS gives no bound; a call is answered, or given up, within a tenth of this time.
 */
const visibleWithin = 30_000

/** Returns whether a list belongs to a write that was committed by a TransactWriteItems rather than by a record. */
const isSpread = (list: string): boolean => list.startsWith('s')

/** Notes the writes of several resources that a reading has met. */
const noteMet = (session: Session, lists: readonly string[]): void => {
  const { memory, tenant, clock } = session
  noteCommitted(
    session,
    lists.filter((list) => !isSpread(list)),
  )
  if (memory.committed.met.size >= mostKnownWrites) memory.committed.met.clear()
  for (const list of lists.filter(isSpread)) {
    const name = `${tenant}|${list}`
    if (!memory.committed.met.has(name)) memory.committed.met.set(name, clock.monotonic())
  }
}

/**
 * Begins a reading, which knows the writes that were met by readings ended before, and its own duration. Its `check`
 * fails with `busy` after 20 seconds.
 */
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
    members: (lists, types) => memberVersions(session, lists, types),
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
