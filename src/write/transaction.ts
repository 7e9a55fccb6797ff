/** A Bundle becomes commands, and all of them are committed or none: https://hl7.org/fhir/R4/http.html#transaction */

import { searchParameters } from '../fhir/parameters.ts'
import type { Context } from '../request/context.ts'
import type { Lock } from '../store/port.ts'
import type { ChangeResult, Command, Committed } from './command.ts'
import { commit } from './commit.ts'
import { encodeResults, replayResults } from './idempotency.ts'
import { isDefinition, isProfile } from './policy/policy.ts'
import { bodyIn, type Change, type Targets } from './request/change.ts'
import { type Expanded, expand } from './resolve/commands.ts'
import { criteriaName, whileLocked } from './resolve/criteria.ts'
import { expandMultipleDelete } from './resolve/multiple-delete.ts'
import { identify } from './resolve/targets.ts'
import { retryOnConflict } from './retry.ts'

/**
 * Returns the lock names of search parameters to be defined. Of two definitions with the same code only the first is
 * possible, so they are committed in turn. Parameters of R4 itself need no lock.
 */
const codeDefined = (change: Change): string[] => {
  const { code, base, status, resourceType }: Record<string, unknown> = bodyIn(change)?.resource ?? {}
  if (!isDefinition({ type: String(resourceType) }) || status !== 'active' || !Array.isArray(base)) return []
  const isNew = base.some((type) => !searchParameters(String(type)).has(String(code)))
  return isNew ? [`search parameter ${code}`] : []
}

/**
 * Returns the names to lock: a writer that creates a resource because there was no match must be the only writer to do
 * so.
 */
const namesToLock = (
  changes: readonly Change[],
  targets: Targets,
  { idempotencyName }: Context,
): string[] => [
  ...(idempotencyName ? [idempotencyName.name] : []),
  ...changes.flatMap(codeDefined),
  ...changes.flatMap((change, i) => {
    if (change.kind === 'read' || change.kind === 'delete') return []
    const { criteria } = change
    const target = targets[i]
    return criteria && target && !target.found ? [criteriaName(criteria)] : []
  }),
]

const changeResultOf = (expanded: Expanded, done: ReadonlyMap<Command, Committed>): ChangeResult => {
  if (!expanded || 'found' in expanded) return expanded
  const became = done.get('command' in expanded ? expanded.command : expanded.same)
  if (!became) return undefined
  return 'same' in expanded && became.version ? { found: became.version } : { done: became }
}

/** Updates the definitions before the answer, so that every write after the answer is indexed by them. */
const redefine = async (commands: readonly Command[], context: Context): Promise<void> => {
  const { register } = await import('./policy/custom-parameters.ts')
  const { beginJob } = await import('../jobs/create.ts')
  const ids = commands.map(({ id }) => id)
  if (await register(ids, context)) await beginJob('$reindex', context)
  const { announceDefinitions } = await import('./policy/announce.ts')
  await announceDefinitions(context)
}

/** Announces stored profiles in the CapabilityStatement before the write is answered. */
const announce = async (commands: readonly Command[], context: Context): Promise<void> => {
  const { announceProfiles } = await import('./policy/announce.ts')
  await announceProfiles([...new Set(commands.map(({ id }) => id))], context)
}

const commitChanges = async (
  changes: readonly Change[],
  targets: Targets,
  context: Context,
  lock?: Lock,
): Promise<ChangeResult[] | undefined> => {
  const expanded = await expand(changes, targets, context)
  const commands = expanded.flatMap((each) => (each && 'command' in each ? [each.command] : []))
  const resultsOf = (done: readonly Committed[]): ChangeResult[] => {
    const became = new Map(commands.map((command, i) => [command, done[i] as Committed]))
    return expanded.map((each) => changeResultOf(each, became))
  }
  const { idempotencyName: named } = context
  const beforehand = async (done: readonly Committed[]): Promise<void> => {
    if (lock && named)
      await context.store.keepResult(named.name, lock, {
        print: named.print,
        result: encodeResults(resultsOf(done)),
      })
  }
  const done = await commit(commands, context, lock, beforehand)
  if (done && commands.some(isDefinition)) await redefine(commands.filter(isDefinition), context)
  if (done && commands.some(isProfile)) await announce(commands.filter(isProfile), context)
  return done && resultsOf(done)
}

const underLock = async (changes: readonly Change[], names: readonly string[], context: Context) =>
  whileLocked(names, context, async (lock) => {
    const known = context.idempotencyName && (await replayResults(context.idempotencyName, context))
    if (known) return known
    const targets = await identify(changes, context)
    const isCovered = namesToLock(changes, targets, context).every((name) => names.includes(name))
    return isCovered ? commitChanges(changes, targets, context, lock) : undefined
  })

const lockAndAttempt = async (
  changes: readonly Change[],
  context: Context,
): Promise<ChangeResult[] | undefined> => {
  const targets = await identify(changes, context)
  const names = namesToLock(changes, targets, context)
  return names.length === 0 ? commitChanges(changes, targets, context) : underLock(changes, names, context)
}

const transactOnce = async (
  asked: readonly Change[],
  context: Context,
): Promise<ChangeResult[] | undefined> => {
  if (asked.every((change) => change.kind !== 'delete' || change.maxMatches === undefined))
    return lockAndAttempt(asked, context)
  const { changes, from } = await expandMultipleDelete(asked, context)
  const results = await lockAndAttempt(changes, context)
  return results && asked.map((_, i) => results[from.indexOf(i)])
}

/** Commits all changes or none; returns their outcomes, in their order. */
export const transact = (changes: readonly Change[], context: Context): Promise<ChangeResult[]> =>
  retryOnConflict(() => transactOnce(changes, context))
