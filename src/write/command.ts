import type { Issue } from '../outcome/failure.ts'
import type { Body } from '../request/body.ts'
import type { Method, Version } from '../store/port.ts'
import type { Patch } from './patch/patch.ts'
import type { Preconditions } from './request/preconditions.ts'

/** The members of every command. */
interface CommandHead extends Preconditions {
  type: string
  id: string
  /** The id was made at random for this command, so that no resource can have it yet. */
  fresh: boolean
  /** The version that the criteria matched. If the resource has changed since, the criteria must be evaluated again. */
  seen?: number
  /** The Provenance to store with the resource, in the same commit. */
  provenance?: Body
  /** The command's path in the request, for expressions: `Bundle.entry[3]`, or empty for the whole body. */
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

/** A change to a single resource as data, with its id, references and conditions resolved. */
export type Command = PutCommand | PatchCommand | DeleteCommand

/** Returns the interaction that a command's version is recorded with. */
export const methodOf = (command: Command): Method => {
  if (command.kind === 'put') return command.method
  return command.kind === 'patch' ? 'PATCH' : 'DELETE'
}

export type Effect = 'created' | 'updated' | 'unchanged' | 'deleted' | 'absent'

/** The outcome of a command; `absent` (a deletion without a resource) has no version. */
export interface Committed {
  effect: Effect
  version: Version | undefined
  /** Warnings about a successful command. */
  issues?: readonly Issue[]
}

/**
 * The outcome of a change: the committed version, a resource that existed already, or undefined (for a read, and for a
 * change without a match).
 */
export type ChangeResult = { done: Committed } | { found: Version } | undefined
