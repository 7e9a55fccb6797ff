import type { Principal } from '../auth/principal.ts'
import type { FindCodes } from '../search/links/codes.ts'
import type { Archive } from '../store/archive/archive.ts'
import type { Compacted } from '../store/archive/compact.ts'
import type { Replayed } from '../store/archive/replay.ts'
import type { Jobs } from '../store/jobs/job.ts'
import type { Store } from '../store/port.ts'
import type { Reader } from '../store/reader.ts'
import type { Rules } from './settings.ts'

/** The deployment's sign-in, https://hl7.org/fhir/smart-app-launch/conformance.html */
export interface Login {
  issuer: string
  jwks: string
  authorize?: string
  token?: string
}

/** Work on the archive; each function works until the deadline. */
export interface ArchiveWork {
  replay(): Promise<Replayed>
  compact(): Promise<Compacted>
}

/** A caller's name for a request, and the print by which different requests with the same name are distinguished. */
export interface IdempotencyName {
  name: string
  print: string
}

/** The context of a single request; nothing in the context outlives the request. */
export interface Context {
  tenant: string
  /** The resources and the index as the principal may see them. */
  reader: Reader
  /** The whole store: for `write/` and the maintenance of the index alone. */
  store: Store
  archive: Pick<Archive, 'bundle'>
  /** Undefined on routes that need no login. */
  principal: Principal | undefined
  /** The service's base URL, without a trailing slash. */
  base: string
  requestId: string
  /** Absent in a deployment without a user pool. */
  login?: Login
  /** The request's `Idempotency-Key`: under this name the request is carried out only once. */
  idempotencyName?: IdempotencyName
  /** Absent in a deployment without background jobs. */
  jobs?: Jobs
  /** Present only in the function that may work on the archive. */
  archiveWork?: ArchiveWork
  /** Returns the codes of value sets to searches. */
  findCodes?: FindCodes
  /** The deployment's rules; the default rules if absent. */
  rules?: Rules
  /** Returns the time in milliseconds since 1970. */
  now: () => number
  /** The instant until which the request may work, if known, in milliseconds since 1970. */
  deadline?: number
}
