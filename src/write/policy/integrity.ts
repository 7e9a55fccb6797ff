/**
 * Referential integrity: keeps resources with references to them from being deleted,
 * https://hl7.org/fhir/R4/http.html#delete
 */

import type { Resource } from '../../fhir/definitions.ts'
import { distinctResources, referenceTo } from '../../fhir/references.ts'
import { Failure, type Issue } from '../../outcome/failure.ts'
import { deletedTarget, referredTo, tooManyDeletions } from '../../outcome/messages.ts'
import { failOn, placed } from '../../outcome/outcome.ts'
import type { Context } from '../../request/context.ts'
import { referrersOf } from '../../search/links/referrers.ts'
import type { CommitOptions, ResourceKey, Version, Write } from '../../store/port.ts'
import type { Command } from '../command.ts'

import type { Stamped } from '../stamp.ts'
import { type LocalReference, localReferencesIn } from './existing-targets.ts'

/** A change about to be committed, with its command. */
export interface PendingChange {
  command: Command
  write: Write
  resource: Resource | undefined
}

/**
 * Returns whether a reference keeps its target. A reference to a version does not: the version stays readable after a
 * deletion.
 */
const keepsTarget = ({ reference }: LocalReference): boolean => !reference.includes('/_history/')

const keepingReferences = (resource: Resource, { base }: Context): LocalReference[] =>
  localReferencesIn(resource, base).filter(keepsTarget)

const keepingReferencesOf = (version: Version | undefined, context: Context): LocalReference[] =>
  version && !version.deleted ? keepingReferences(JSON.parse(version.text) as Resource, context) : []

/** A reference that a change adds. */
interface AddedReference {
  change: PendingChange
  link: LocalReference
}

const addedBy = (change: PendingChange, context: Context): AddedReference[] => {
  if (!change.resource) return []
  const already = new Set(keepingReferencesOf(change.write.before, context).map(referenceTo))
  return keepingReferences(change.resource, context)
    .filter((link) => !already.has(referenceTo(link)))
    .map((link) => ({ change, link }))
}

const issueOf = ({
  change: { command },
  link: { reference, expression },
}: AddedReference): readonly Issue[] =>
  placed([deletedTarget(reference, expression)], command.place === '' ? '' : `${command.place}.resource`)

const deletedAmong = async (keys: readonly ResourceKey[], { store }: Context): Promise<Set<string>> => {
  const versions = keys.length > 0 ? await store.get(keys) : []
  return new Set(keys.filter((_, i) => versions[i]?.deleted).map(referenceTo))
}

/** The maximum of deletions in a transaction, and the maximum of referrers in a message. */
const maxDeletions = 100
const maxReferrersNamed = 10

const referredIssues = (
  { write: { type, id }, command }: PendingChange,
  referrers: readonly { name: string; targets: readonly string[] }[],
): readonly Issue[] => {
  const names = referrers
    .filter((referrer) => referrer.targets.includes(referenceTo({ type, id })))
    .map(({ name }) => name)
  return names.length === 0 ? [] : placed([referredTo(type, id, names, maxReferrersNamed)], command.place)
}

const refuseReferred = async (
  deletions: readonly PendingChange[],
  changes: readonly PendingChange[],
  context: Context,
): Promise<void> => {
  const own = new Set(changes.map(({ write }) => referenceTo(write)))
  const targets = deletions.map(({ write: { type, id } }) => ({ type, id }))
  const names = new Set(targets.map(referenceTo))
  const targetsIn = (resource: Resource): string[] =>
    keepingReferences(resource, context)
      .map(referenceTo)
      .filter((name) => names.has(name))
  const found = await referrersOf(
    {
      targets,
      counts: ({ version, resource }) => !own.has(referenceTo(version)) && targetsIn(resource).length > 0,
      most: maxReferrersNamed + 1,
    },
    { ...context, reader: context.store },
  )
  const referrers = found.map(({ version, resource }) => ({
    name: referenceTo(version),
    targets: targetsIn(resource),
  }))
  failOn(deletions.flatMap((change) => referredIssues(change, referrers)))
}

/** Returns the changes among the commands, with their writes. */
export const changesAmong = (commands: readonly Command[], stamped: readonly Stamped[]): PendingChange[] =>
  stamped.flatMap(({ write, resource }, i) => {
    const command = commands[i]
    return write && command ? [{ command, write, resource }] : []
  })

/**
 * Returns the conditions of a commit by which no reference leads to a deleted resource, even if another transaction
 * commits meanwhile. Fails if a change refers to a resource that is deleted already or in the same transaction.
 */
export const integrityOptions = async (
  changes: readonly PendingChange[],
  context: Context,
): Promise<CommitOptions> => {
  const deletions = changes.filter(({ resource }) => !resource)
  if (deletions.length > maxDeletions) throw tooManyDeletions(deletions.length, maxDeletions)
  const gone = new Set(deletions.map(({ write }) => referenceTo(write)))
  const kept = new Set(changes.filter(({ resource }) => resource).map(({ write }) => referenceTo(write)))
  const added = changes.flatMap((change) => addedBy(change, context))
  const outside = distinctResources(added.map(({ link: { type, id } }) => ({ type, id }))).filter(
    (key) => !kept.has(referenceTo(key)) && !gone.has(referenceTo(key)),
  )
  const deleted = await deletedAmong(outside, context)
  const isDangling = ({ link }: AddedReference): boolean =>
    deleted.has(referenceTo(link)) || gone.has(referenceTo(link))
  failOn(added.filter(isDangling).flatMap(issueOf))
  return {
    undeleted: outside,
    ...(deletions.length > 0 && { lastLook: () => refuseReferred(deletions, changes, context) }),
  }
}

/** Returns the issues for which a deletion of the resource would fail. */
export const referrerIssues = async (
  { type, id }: ResourceKey,
  context: Context,
): Promise<readonly Issue[]> => {
  const [before] = await context.store.get([{ type, id }])
  const command: Command = { kind: 'delete', type, id, fresh: false, place: '' }
  const write: Write = { type, id, before, v: 0, t: '', method: 'DELETE', entries: [] }
  try {
    const { lastLook } = await integrityOptions([{ command, write, resource: undefined }], context)
    await lastLook?.()
    return []
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.issues
    throw thrown
  }
}
