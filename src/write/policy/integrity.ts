/** https://hl7.org/fhir/R4/http.html#delete — where a deployment keeps what is referred to from being deleted. */

import type { Resource } from '../../fhir/definitions.ts'
import { referenceTo } from '../../fhir/references.ts'
import { Failure, type Issue } from '../../outcome/failure.ts'
import { deletedTarget, referredTo, tooManyDeletions } from '../../outcome/messages.ts'
import { failOn, placed } from '../../outcome/outcome.ts'
import type { Context } from '../../request/context.ts'
import { referrersOf } from '../../search/links/referrers.ts'
import type { CommitOptions, ResourceKey, Version, Write } from '../../store/port.ts'
import type { Command } from '../command.ts'

import type { Stamped } from '../stamp.ts'
import { type Pointing, pointings } from './existing-targets.ts'

/** A change that is about to be committed, and where it was asked for. */
export interface PendingChange {
  command: Command
  write: Write
  resource: Resource | undefined
}

/** Who refers to a version refers to what stays readable when the resource is deleted. */
const holdsFast = ({ reference }: Pointing): boolean => !reference.includes('/_history/')

const heldBy = (resource: Resource, { base }: Context): Pointing[] =>
  pointings(resource, base).filter(holdsFast)

const heldByVersion = (version: Version | undefined, context: Context): Pointing[] =>
  version && !version.deleted ? heldBy(JSON.parse(version.text) as Resource, context) : []

/** A reference that a change brings with it. */
interface Held {
  change: PendingChange
  pointing: Pointing
}

const addedBy = (change: PendingChange, context: Context): Held[] => {
  if (!change.resource) return []
  const already = new Set(heldByVersion(change.write.before, context).map(referenceTo))
  return heldBy(change.resource, context)
    .filter((pointing) => !already.has(referenceTo(pointing)))
    .map((pointing) => ({ change, pointing }))
}

const issueOf = ({ change: { command }, pointing: { reference, expression } }: Held): readonly Issue[] =>
  placed([deletedTarget(reference, expression)], command.place === '' ? '' : `${command.place}.resource`)

const distinct = (keys: readonly ResourceKey[]): ResourceKey[] => [
  ...new Map(keys.map((key) => [referenceTo(key), key])).values(),
]

const deletedAmong = async (keys: readonly ResourceKey[], { store }: Context): Promise<Set<string>> => {
  const versions = keys.length > 0 ? await store.get(keys) : []
  return new Set(keys.filter((_, i) => versions[i]?.deleted).map(referenceTo))
}

/** How many deletions are looked after at once, and how many referrers are named. */
const mostDeletions = 100
const mostNamed = 10

const referredIssues = (
  { write: { type, id }, command }: PendingChange,
  referrers: readonly { name: string; held: readonly string[] }[],
): readonly Issue[] => {
  const names = referrers
    .filter(({ held }) => held.includes(referenceTo({ type, id })))
    .map(({ name }) => name)
  return names.length === 0 ? [] : placed([referredTo(type, id, names, mostNamed)], command.place)
}

const refuseReferred = async (
  deletions: readonly PendingChange[],
  changes: readonly PendingChange[],
  context: Context,
): Promise<void> => {
  const own = new Set(changes.map(({ write }) => referenceTo(write)))
  const targets = deletions.map(({ write: { type, id } }) => ({ type, id }))
  const names = new Set(targets.map(referenceTo))
  const heldIn = (resource: Resource): string[] =>
    heldBy(resource, context)
      .map(referenceTo)
      .filter((name) => names.has(name))
  const found = await referrersOf(
    {
      targets,
      counts: ({ version, resource }) => !own.has(referenceTo(version)) && heldIn(resource).length > 0,
      most: mostNamed + 1,
    },
    { ...context, reader: context.store },
  )
  const referrers = found.map(({ version, resource }) => ({
    name: referenceTo(version),
    held: heldIn(resource),
  }))
  failOn(deletions.flatMap((change) => referredIssues(change, referrers)))
}

/** Returns the changes among commands and what they come to. */
export const changesAmong = (commands: readonly Command[], stamped: readonly Stamped[]): PendingChange[] =>
  stamped.flatMap(({ write, resource }, i) => {
    const command = commands[i]
    return write && command ? [{ command, write, resource }] : []
  })

/**
 * Returns what a commit must mind so that nothing refers to what is deleted, neither now nor because another commits
 * meanwhile; fails where a change refers to what is deleted already, or by the same transaction.
 */
export const careFor = async (
  changes: readonly PendingChange[],
  context: Context,
): Promise<CommitOptions> => {
  const deletions = changes.filter(({ resource }) => !resource)
  if (deletions.length > mostDeletions) throw tooManyDeletions(deletions.length, mostDeletions)
  const gone = new Set(deletions.map(({ write }) => referenceTo(write)))
  const kept = new Set(changes.filter(({ resource }) => resource).map(({ write }) => referenceTo(write)))
  const held = changes.flatMap((change) => addedBy(change, context))
  const outside = distinct(held.map(({ pointing: { type, id } }) => ({ type, id }))).filter(
    (key) => !kept.has(referenceTo(key)) && !gone.has(referenceTo(key)),
  )
  const deleted = await deletedAmong(outside, context)
  const wrong = ({ pointing }: Held): boolean =>
    deleted.has(referenceTo(pointing)) || gone.has(referenceTo(pointing))
  failOn(held.filter(wrong).flatMap(issueOf))
  return {
    undeleted: outside,
    ...(deletions.length > 0 && { lastLook: () => refuseReferred(deletions, changes, context) }),
  }
}

/** Returns who keeps a resource from being deleted, as a deletion would tell it. */
export const deletionIssues = async (
  { type, id }: ResourceKey,
  context: Context,
): Promise<readonly Issue[]> => {
  const [before] = await context.store.get([{ type, id }])
  const command: Command = { kind: 'delete', type, id, fresh: false, place: '' }
  const write: Write = { type, id, before, v: 0, t: '', method: 'DELETE', entries: [] }
  try {
    const { lastLook } = await careFor([{ command, write, resource: undefined }], context)
    await lastLook?.()
    return []
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.issues
    throw thrown
  }
}
