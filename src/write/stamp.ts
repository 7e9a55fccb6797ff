import type { Resource } from '../fhir/definitions.ts'
import { sameJson } from '../fhir/json/same.ts'
import { spliceMeta } from '../fhir/json/splice.ts'
import type { Issue } from '../outcome/failure.ts'
import type { Body } from '../request/body.ts'
import type { CustomParameters } from '../search/custom.ts'
import { indexEntriesOf } from '../search/index/entries.ts'
import type { Version, Write } from '../store/port.ts'
import { type Command, type Committed, type Effect, methodOf } from './command.ts'
import { withDeliveryState } from './policy/subscription.ts'

/** A command with its version: a write for the store, or nothing to do. */
export interface Stamped {
  write?: Write
  /** The written resource, parsed. */
  resource?: Resource
  effect: Effect
}

/** The time of a change, and the tenant's own search parameters for its index entries. */
export interface Moment {
  now: number
  own: CustomParameters
}

/** Returns the instant of a new version: now, yet always later than the version before, whatever the clocks say. */
export const instantAfter = (before: Version | undefined, now: number): string =>
  new Date(before ? Math.max(now, Date.parse(before.t) + 1) : now).toISOString()

const spliced = (command: Command, body: Body, v: number, t: string): string =>
  spliceMeta(body.text, { id: command.id, versionId: String(v), lastUpdated: t })

const unchanged = (command: Command, body: Body, before: Version): boolean =>
  sameJson(spliced(command, body, before.v, before.t), before.text)

const writeHead = (command: Command, before: Version | undefined, { now }: Moment) => ({
  type: command.type,
  id: command.id,
  method: methodOf(command),
  before,
  fresh: command.fresh,
  v: (before?.v ?? 0) + 1,
  t: instantAfter(before, now),
})

const stampedDeletion = (command: Command, before: Version | undefined, moment: Moment): Stamped =>
  before && !before.deleted
    ? { effect: 'deleted', write: { ...writeHead(command, before, moment), entries: [] } }
    : { effect: 'absent' }

const stampedPut = (command: Command, body: Body, before: Version | undefined, moment: Moment): Stamped => {
  const live = before && !before.deleted
  if (live && unchanged(command, body, before)) return { effect: 'unchanged' }
  const head = writeHead(command, before, moment)
  const resource = { ...body.resource, id: command.id }
  const write = {
    ...head,
    text: spliced(command, body, head.v, head.t),
    entries: indexEntriesOf(resource, head.t, moment.own.indexed(command.type)),
  }
  return { effect: live ? 'updated' : 'created', write, resource }
}

/**
 * Returns the write of a command that stores this body, or of a deletion without a body: with version number, instant,
 * text and index entries.
 */
export const stamp = (
  command: Command,
  body: Body | undefined,
  before: Version | undefined,
  moment: Moment,
): Stamped =>
  body
    ? stampedPut(command, withDeliveryState(body), before, moment)
    : stampedDeletion(command, before, moment)

/** Returns the version that a write made; its `w` is known to the store alone. */
const madeBy = ({ type, id, v, t, method, text }: Write): Version => ({
  type,
  id,
  v,
  t,
  method,
  w: '',
  deleted: text === undefined,
  text: text ?? '',
})

/** Returns the outcome of a command, once its write is durable. */
export const committedOf = (
  { effect, write }: Stamped,
  before: Version | undefined,
  issues: readonly Issue[] = [],
): Committed => ({
  effect,
  version: write ? madeBy(write) : before,
  ...(issues.length > 0 && { issues }),
})
