import type { Principal } from '../auth/principal.ts'
import type { FindCodes } from '../search/links/codes.ts'
import type { Archive } from '../store/archive/archive.ts'
import type { Compacted } from '../store/archive/compact.ts'
import type { Replayed } from '../store/archive/replay.ts'
import type { Jobs } from '../store/jobs/job.ts'
import type { Store } from '../store/port.ts'
import type { Reader } from '../store/reader.ts'
import type { Rules } from './settings.ts'

/** Where people sign in, https://hl7.org/fhir/smart-app-launch/conformance.html */
export interface Login {
  issuer: string
  jwks: string
  authorize?: string
  token?: string
}

/** Work on the archive, each until the deadline. */
export interface ArchiveWork {
  replay(): Promise<Replayed>
  compact(): Promise<Compacted>
}

/** A name that the caller gave to a request, and what tells this request from another under the same name. */
export interface Named {
  name: string
  print: string
}

/** What one request works with; nothing of it outlives the request. */
export interface Context {
  tenant: string
  /** Resources and index as the principal may see them. */
  reader: Reader
  /** The whole store: for `write/` and the maintenance of the index alone. */
  store: Store
  archive: Pick<Archive, 'bundle'>
  /** Nobody on routes that need no login. */
  principal: Principal | undefined
  /** The service's base URL, without a trailing slash. */
  base: string
  requestId: string
  /** Absent where the deployment names no user pool. */
  login?: Login
  /** The request's own name, under which it is done once. */
  once?: Named
  /** Absent where nothing can be done later. */
  jobs?: Jobs
  /** Only where the function may do it. */
  archiveWork?: ArchiveWork
  /** Tells searches the codes of value sets. */
  findCodes?: FindCodes
  /** Where absent, the default ones. */
  rules?: Rules
  /** Milliseconds since 1970. */
  now: () => number
  /** Until when the request may go on working, where that is known. */
  deadline?: number
}
