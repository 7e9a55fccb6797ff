/** https://hl7.org/fhir/R4/http.html#transaction — a Bundle becomes commands, and all of them are committed or none. */

import { searchParameters } from '../fhir/parameters.ts'
import type { Context } from '../request/context.ts'
import type { Hold } from '../store/port.ts'
import type { Command, Done, WishResult } from './command.ts'
import { commit } from './commit.ts'
import { noted, recalled } from './idempotency.ts'
import { isDefinition } from './policy/policy.ts'
import type { Target, Wish } from './request/change.ts'
import { type Expanded, expand } from './resolve/commands.ts'
import { holding, nameOf } from './resolve/criteria.ts'
import { spread } from './resolve/multiple-delete.ts'
import { identify } from './resolve/targets.ts'
import { persevere } from './retry.ts'

type Targets = readonly (Target | undefined)[]

/** Of two definitions of one code only one is possible: they come one after the other. What R4 has is none of them. */
const codeDefined = (wish: Wish): string[] => {
  const { code, base, status }: Record<string, unknown> = wish.body?.resource ?? {}
  if (!isDefinition(wish) || status !== 'active' || !Array.isArray(base)) return []
  const isNew = base.some((type) => !searchParameters(String(type)).has(String(code)))
  return isNew ? [`search parameter ${code}`] : []
}

/** The names that must be held: whoever creates because nothing matched must be the only one to do so. */
const namesToHold = (wishes: readonly Wish[], targets: Targets, { once }: Context): string[] => [
  ...(once ? [once.name] : []),
  ...wishes.flatMap(codeDefined),
  ...wishes.flatMap(({ criteria, method }, i) => {
    const target = targets[i]
    return criteria && method !== 'DELETE' && target && !target.found ? [nameOf(criteria)] : []
  }),
]

const resultOf = (expanded: Expanded, done: ReadonlyMap<Command, Done>): WishResult => {
  if (!expanded || 'found' in expanded) return expanded
  const became = done.get('command' in expanded ? expanded.command : expanded.same)
  if (!became) return undefined
  return 'same' in expanded && became.version ? { found: became.version } : { done: became }
}

/** Whoever is told that a definition is stored finds every later write indexed by it. */
const redefine = async (commands: readonly Command[], context: Context): Promise<void> => {
  const { register } = await import('./policy/custom-parameters.ts')
  const { begin } = await import('../jobs/create.ts')
  const ids = commands.map(({ id }) => id)
  if (await register(ids, context)) await begin('$reindex', context)
}

const attempt = async (
  wishes: readonly Wish[],
  targets: Targets,
  context: Context,
  hold?: Hold,
): Promise<WishResult[] | undefined> => {
  const expanded = await expand(wishes, targets, context)
  const commands = expanded.flatMap((each) => (each && 'command' in each ? [each.command] : []))
  const resultsOf = (done: readonly Done[]): WishResult[] => {
    const became = new Map(commands.map((command, i) => [command, done[i] as Done]))
    return expanded.map((each) => resultOf(each, became))
  }
  const { once: named } = context
  const beforehand = async (done: readonly Done[]): Promise<void> => {
    if (hold && named)
      await context.store.note(named.name, hold, { print: named.print, result: noted(resultsOf(done)) })
  }
  const done = await commit(commands, context, hold, beforehand)
  if (done && commands.some(isDefinition)) await redefine(commands.filter(isDefinition), context)
  return done && resultsOf(done)
}

const alone = async (wishes: readonly Wish[], names: readonly string[], context: Context) =>
  holding(names, context, async (hold) => {
    const known = context.once && (await recalled(context.once, context))
    if (known) return known
    const targets = await identify(wishes, context)
    const held = namesToHold(wishes, targets, context).every((name) => names.includes(name))
    return held ? attempt(wishes, targets, context, hold) : undefined
  })

const together = async (wishes: readonly Wish[], context: Context): Promise<WishResult[] | undefined> => {
  const targets = await identify(wishes, context)
  const names = namesToHold(wishes, targets, context)
  return names.length === 0 ? attempt(wishes, targets, context) : alone(wishes, names, context)
}

const once = async (asked: readonly Wish[], context: Context): Promise<WishResult[] | undefined> => {
  if (asked.every(({ most }) => most === undefined)) return together(asked, context)
  const { wishes, from } = await spread(asked, context)
  const results = await together(wishes, context)
  return results && asked.map((_, i) => results[from.indexOf(i)])
}

/** Commits what the wishes come to, all or nothing; returns what became of each, in their order. */
export const transact = (wishes: readonly Wish[], context: Context): Promise<WishResult[]> =>
  persevere(() => once(wishes, context))
