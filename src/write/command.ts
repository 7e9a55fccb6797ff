import type { Issue } from '../outcome/failure.ts'
import type { Body } from '../request/body.ts'
import type { Method, Version } from '../store/port.ts'
import type { Preconditions } from './request/preconditions.ts'

/** One change to one resource, with every reference and condition resolved: its id is known. */
export interface Command extends Preconditions {
  method: Method
  type: string
  id: string
  /** What shall stand there, given what stands there now; nothing means a deletion. */
  body?: (before: Version | undefined) => Body
  /** The id was made up by us a moment ago, so nothing can stand there yet. */
  fresh: boolean
  /** The version that the criteria matched: where another has come since, they must be asked again. */
  seen?: number
  /** What is to be stored beside it about it, in the same commit. */
  provenance?: Body
  /** Where in the request it stands, for expressions: `Bundle.entry[3]`, or empty for the whole body. */
  place: string
}

export type Effect = 'created' | 'updated' | 'unchanged' | 'deleted' | 'absent'

/** What became of a command; `absent` (a deletion of nothing) has no version. */
export interface Committed {
  effect: Effect
  version: Version | undefined
  /** What is to be told although it was done. */
  issues?: readonly Issue[]
}

/** What became of a change: the committed version, a resource that stood there already, or nothing (it reads, or matched nothing). */
export type ChangeResult = { done: Committed } | { found: Version } | undefined
