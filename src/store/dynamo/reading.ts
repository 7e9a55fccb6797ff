import { failure } from '../../outcome/failure.ts'
import type { Reading } from '../port.ts'
import { isBygone, memberListOf } from '../write-ids.ts'
import { membersOf } from './members.ts'
import { databaseTime, type Session } from './session.ts'

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

/** Begins a reading: it knows which writes had been met by requests that had ended by now, and how long it lasts. */
export const beginReading = (session: Session): Reading => {
  const { memory, tenant, clients, clock } = session
  const begun = { moment: ++memory.committed.moments, at: clock.monotonic() }
  let first: number | undefined
  const isKnown = (list: string): boolean => {
    const since = memory.committed.lists.get(`${tenant}|${list}`)
    return since !== undefined && since < begun.moment
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
    end: (lists) => noteCommitted(session, lists),
  }
}
