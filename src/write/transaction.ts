/** https://hl7.org/fhir/R4/http.html#transaction — a Bundle becomes commands, and all of them are committed or none. */

import { searchParameters } from '../fhir/parameters.ts'
import type { Context } from '../request/context.ts'
import type { Lock } from '../store/port.ts'
import type { ChangeResult, Command, Committed } from './command.ts'
import { commit } from './commit.ts'
import { encodeResults, replayResults } from './idempotency.ts'
import { isDefinition, isProfile } from './policy/policy.ts'
import { bodyIn, type Change, type Target } from './request/change.ts'
import { type Expanded, expand } from './resolve/commands.ts'
import { holding, nameOf } from './resolve/criteria.ts'
import { expandMultipleDelete } from './resolve/multiple-delete.ts'
import { identify } from './resolve/targets.ts'
import { retryOnConflict } from './retry.ts'

type Targets = readonly (Target | undefined)[]

/** Of two definitions of one code only one is possible: they come one after the other. What R4 has is none of them. */
const codeDefined = (change: Change): string[] => {
  const { code, base, status, resourceType }: Record<string, unknown> = bodyIn(change)?.resource ?? {}
  if (!isDefinition({ type: String(resourceType) }) || status !== 'active' || !Array.isArray(base)) return []
  const isNew = base.some((type) => !searchParameters(String(type)).has(String(code)))
  return isNew ? [`search parameter ${code}`] : []
}

/** The names that must be held: whoever creates because nothing matched must be the only one to do so. */
const namesToLock = (changes: readonly Change[], targets: Targets, { once }: Context): string[] => [
  ...(once ? [once.name] : []),
  ...changes.flatMap(codeDefined),
  ...changes.flatMap((change, i) => {
    if (change.kind === 'read' || change.kind === 'delete') return []
    const { criteria } = change
    const target = targets[i]
    return criteria && target && !target.found ? [nameOf(criteria)] : []
  }),
]

const resultOf = (expanded: Expanded, done: ReadonlyMap<Command, Committed>): ChangeResult => {
  if (!expanded || 'found' in expanded) return expanded
  const became = done.get('command' in expanded ? expanded.command : expanded.same)
  if (!became) return undefined
  return 'same' in expanded && became.version ? { found: became.version } : { done: became }
}

/** Whoever is told that a definition is stored finds every later write indexed by it. */
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

const attempt = async (
  changes: readonly Change[],
  targets: Targets,
  context: Context,
  lock?: Lock,
): Promise<ChangeResult[] | undefined> => {
  const expanded = await expand(changes, targets, context)
  const commands = expanded.flatMap((each) => (each && 'command' in each ? [each.command] : []))
  const resultsOf = (done: readonly Committed[]): ChangeResult[] => {
    const became = new Map(commands.map((command, i) => [command, done[i] as Committed]))
    return expanded.map((each) => resultOf(each, became))
  }
  const { once: named } = context
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

const alone = async (changes: readonly Change[], names: readonly string[], context: Context) =>
  holding(names, context, async (lock) => {
    const known = context.once && (await replayResults(context.once, context))
    if (known) return known
    const targets = await identify(changes, context)
    const held = namesToLock(changes, targets, context).every((name) => names.includes(name))
    return held ? attempt(changes, targets, context, lock) : undefined
  })

const together = async (
  changes: readonly Change[],
  context: Context,
): Promise<ChangeResult[] | undefined> => {
  const targets = await identify(changes, context)
  const names = namesToLock(changes, targets, context)
  return names.length === 0 ? attempt(changes, targets, context) : alone(changes, names, context)
}

const transactOnce = async (
  asked: readonly Change[],
  context: Context,
): Promise<ChangeResult[] | undefined> => {
  if (asked.every((change) => change.kind !== 'delete' || change.most === undefined))
    return together(asked, context)
  const { changes, from } = await expandMultipleDelete(asked, context)
  const results = await together(changes, context)
  return results && asked.map((_, i) => results[from.indexOf(i)])
}

/** Commits what the changes come to, all or nothing; returns what became of each, in their order. */
export const transact = (changes: readonly Change[], context: Context): Promise<ChangeResult[]> =>
  retryOnConflict(() => transactOnce(changes, context))
