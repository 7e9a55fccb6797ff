import type { Issue } from '../outcome/failure.ts'
import type { Body } from '../request/body.ts'
import type { Method, Version } from '../store/port.ts'
import type { Patch } from './patch/patch.ts'
import type { Preconditions } from './request/preconditions.ts'

/** The members of every command. */
interface CommandHead extends Preconditions {
  type: string
  id: string
  /** The id was made up by us a moment ago, so nothing can stand there yet. */
  fresh: boolean
  /** The version that the criteria matched: where another has come since, they must be asked again. */
  seen?: number
  /** What is to be stored beside it about it, in the same commit. */
  provenance?: Body
  /** Where in the request it stands, for expressions: `Bundle.entry[3]`, or empty for the whole body. */
  place: string
}

export interface PutCommand extends CommandHead {
  kind: 'put'
  /** The interaction that the version is recorded with, for its history. */
  method: 'POST' | 'PUT'
  body: Body
}

interface PatchCommand extends CommandHead {
  kind: 'patch'
  patch: Patch
}

interface DeleteCommand extends CommandHead {
  kind: 'delete'
}

/** One change to one resource as data, with its id, references and conditions resolved. */
export type Command = PutCommand | PatchCommand | DeleteCommand

/** Returns the interaction that a command's version is recorded with. */
export const methodOf = (command: Command): Method => {
  if (command.kind === 'put') return command.method
  return command.kind === 'patch' ? 'PATCH' : 'DELETE'
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
