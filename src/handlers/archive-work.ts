/** The archive's work within the function of jobs, loaded only by the jobs that need it. */

import type { ArchiveWork } from '../request/context.ts'
import { openArchive } from '../store/archive/archive.ts'
import { compactArchive } from '../store/archive/compact.ts'
import { replayFailed } from '../store/archive/replay.ts'
import type { StorePlace } from '../store/dynamo/open.ts'
import { dayOfInstant } from '../store/keys.ts'

/** A stream keeps a record for a day, and writers' clocks differ by minutes: after two days nothing new is on its way. */
const settledMilliseconds = 48 * 3_600_000

/** Returns the work on a tenant's archive that a job does until its deadline. */
export const archiveWork = (place: StorePlace, tenant: string, deadline: number): ArchiveWork => {
  const archive = openArchive(place)
  const isOver = () => Date.now() > deadline
  return {
    replay: () => replayFailed(archive, isOver),
    compact: () =>
      compactArchive(
        archive,
        tenant,
        dayOfInstant(new Date(Date.now() - settledMilliseconds).toISOString()),
        isOver,
      ),
  }
}
