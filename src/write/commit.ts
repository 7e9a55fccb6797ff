import { type Issue, isKind } from '../outcome/failure.ts'
import { failOn, placed } from '../outcome/outcome.ts'
import type { Context } from '../request/context.ts'
import { customParametersFor } from '../search/custom.ts'
import type { CommitOptions, Lock, SeenVersion, Store, Version, Write } from '../store/port.ts'
import type { Command, Committed } from './command.ts'
import { bodyAfter, patchersOf } from './patch/patched.ts'
import type { Draft } from './policy/draft.ts'
import {
  needsPolicyCheck,
  policyIssues,
  refusesReferredDeletion,
  validateOptionsOf,
} from './policy/policy.ts'
import { preconditionIssues } from './request/preconditions.ts'
import { provenanceCommandsOf } from './request/provenance.ts'

import { committedOf, type Stamped, stamp } from './stamp.ts'

/** Reads the current versions of the commands' resources, except for fresh ids. */
const versionsToReplace = async (
  commands: readonly Command[],
  store: Store,
): Promise<(Version | undefined)[]> => {
  const known = commands.filter((command) => !command.fresh)
  const versions = known.length > 0 ? await store.get(known) : []
  const found = new Map(known.map((command, i) => [command, versions[i]]))
  return commands.map((command) => found.get(command))
}

const isOutdated = (command: Command, before: Version | undefined): boolean =>
  command.seen !== undefined && command.seen !== before?.v

const tryCommit = async (
  writes: readonly Write[],
  context: Context,
  lock: Lock | undefined,
  options: CommitOptions | undefined,
): Promise<boolean> => {
  try {
    if (writes.length > 0) await context.store.commit(writes, lock, options)
    return true
  } catch (thrown) {
    if (isKind(thrown, 'version-conflict')) return false
    throw thrown
  }
}

const draftOf = ({ type, id }: Command, { resource }: Stamped): Draft => ({ type, id, resource })

/**
 * The tenant's own search parameters as this process knows them; the store verifies at the commit that they are current.
 */
const knownCustomParameters = (commands: readonly Command[], { store: { knownDefinitions } }: Context) =>
  customParametersFor(knownDefinitions(), new Set(commands.map(({ type }) => type)))

/** Fails if a resource to be stored breaks the deployment's rules; otherwise returns the warnings by command. */
const checkPolicy = async (
  commands: readonly Command[],
  stamped: readonly Stamped[],
  context: Context,
): Promise<ReadonlyMap<Command, readonly Issue[]>> => {
  const changed = commands.map((command, i) => ({ command, stamped: stamped[i] as Stamped }))
  const written = changed.filter((each) => each.stamped.write)
  const found = await policyIssues(
    written.map((each) => draftOf(each.command, each.stamped)),
    context,
  )
  const issues = written.map(({ command }, i) => placed(found[i] ?? [], resourceIn(command.place)))
  failOn(issues.flat())
  return new Map(written.map(({ command }, i) => [command, issues[i] ?? []]))
}

const resourceIn = (place: string): string => (place === '' ? '' : `${place}.resource`)

const integrityOptionsOf = async (
  commands: readonly Command[],
  stamped: readonly Stamped[],
  context: Context,
): Promise<CommitOptions> => {
  const { integrityOptions, changesAmong } = await import('./policy/integrity.ts')
  return integrityOptions(changesAmong(commands, stamped), context)
}

/** Returns the resources that need no write because of their current state, deleted already or with the same content. */
const unchangedAmong = (
  commands: readonly Command[],
  stamped: readonly Stamped[],
  before: readonly (Version | undefined)[],
): SeenVersion[] =>
  commands.flatMap(({ type, id, fresh }, i) =>
    fresh || stamped[i]?.write ? [] : [{ type, id, before: before[i] }],
  )

/**
 * Commits all commands or none, in one transaction; `beforehand` receives their outcomes before the commit. Returns the
 * outcomes in the commands' order; undefined if another writer was faster, so that everything must be tried again.
 */
export const commit = async (
  commands: readonly Command[],
  context: Context,
  lock?: Lock,
  beforehand: (done: readonly Committed[]) => Promise<void> = async () => undefined,
): Promise<readonly Committed[] | undefined> => {
  const patchers = await patchersOf(commands)
  const before = await versionsToReplace(commands, context.store)
  if (commands.some((command, i) => isOutdated(command, before[i]))) return undefined
  failOn(
    commands.flatMap((command, i) => placed(preconditionIssues(before[i], command, command), command.place)),
  )
  const own = await knownCustomParameters(commands, context)
  const moment = { now: context.now(), own }
  const options = validateOptionsOf(context)
  const stamped = commands.map((command, i) => {
    const body = bodyAfter(command, before[i], patchers, options)
    return stamp(command, body, before[i], moment)
  })
  const accounts = commands.flatMap((command, i) => provenanceCommandsOf(command, stamped[i] as Stamped))
  const all = [...commands, ...accounts]
  const outcomes = [...stamped, ...accounts.map((each) => stamp(each, each.body, undefined, moment))]
  const issues = needsPolicyCheck(all, context) ? await checkPolicy(all, outcomes, context) : undefined
  const kept = refusesReferredDeletion(context) ? await integrityOptionsOf(all, outcomes, context) : undefined
  const commitOptions = {
    ...kept,
    unchanged: unchangedAmong(commands, stamped, before),
    definitions: own.version,
  }
  const writes = outcomes.flatMap(({ write }) => write ?? [])
  const done = stamped.map((each, i) => committedOf(each, before[i], issues?.get(commands[i] as Command)))
  if (writes.length > 0) await beforehand(done)
  return (await tryCommit(writes, context, lock, commitOptions)) ? done : undefined
}
