/** https://hl7.org/fhir/R4/search.html#chaining and https://hl7.org/fhir/R4/search.html#has */

import { addressOf } from '../../fhir/contained.ts'
import type { SearchParameter } from '../../fhir/definitions.ts'
import { inParallel } from '../../store/parallel.ts'
import { defaultControl } from '../parse/control.ts'
import { planQuery } from '../plan/plan.ts'
import {
  type ChainClause,
  type ChainTarget,
  type Clause,
  type HasClause,
  isInner,
  isOpen,
  type Query,
} from '../query.ts'
import { localKey, valuesOf } from '../run/match.ts'
import { readPage } from '../run/run.ts'
import type { Read } from '../scope.ts'
import { isOver, type Scope } from '../scope.ts'
import { addressesTo, canonicalTargets, keysNamed } from './canonical.ts'

/**
 * The resources that the rest of a chain leads to: their addresses, and the conditions for resources inside the searched
 * resource itself.
 */
interface ChainTargets {
  readonly keys: ReadonlySet<string>
  readonly inside: readonly ChainTarget[]
}

interface ChainResolution {
  readonly scope: Scope
  readonly most: number
  /** By the rest of a chain, its targets: each rest is followed only once. */
  readonly known: Map<ChainTarget, Map<string, Promise<ChainTargets | undefined>>>
}

/**
 * Returns the query with every chain and `_has` replaced by the found links, innermost first. A chain over more than
 * `most` resources, or beyond the scope's limits, stays open and is followed from each candidate.
 */
export const resolveChains = (scope: Scope, query: Query, most: number): Promise<Query> =>
  resolvedQuery({ scope, most, known: new Map() }, query)

const resolvedQuery = async (resolving: ChainResolution, query: Query): Promise<Query> => {
  if (!isOpen(query)) return query
  return { ...query, clauses: await resolveAll(resolving, query, query.clauses) }
}

/** The clauses resolved at once: each may read thousands of lists. */
const chainsAtOnce = 2

const resolveAll = (
  resolving: ChainResolution,
  query: Query,
  clauses: readonly Clause[],
): Promise<Clause[]> => inParallel(chainsAtOnce, clauses, (clause) => resolveClause(resolving, query, clause))

const resolveClause = async (resolving: ChainResolution, query: Query, clause: Clause): Promise<Clause> => {
  if (clause.kind === 'chain') return resolveChain(resolving, query, clause)
  if (clause.kind === 'has') return resolveHas(resolving, query, clause)
  if ('clauses' in clause) return { ...clause, clauses: await resolveAll(resolving, query, clause.clauses) }
  return clause
}

/** Replaces a chain by its targets: separate resources, and resources inside the same container. */
const resolveChain = async (
  resolving: ChainResolution,
  query: Query,
  clause: ChainClause,
): Promise<Clause> => {
  const { parameter, targets } = clause
  const within = isInner(query) ? query.within : query.type
  const found = await Promise.all(
    targets.flatMap((target) => {
      const next = innerQuery(query, target.type, [target.clause])
      return [
        chainTargets(resolving, parameter, target, next),
        chainTargets(resolving, parameter, target, {
          ...next,
          contained: 'true',
          containedType: 'contained',
          ...(within !== undefined && { within }),
        }),
      ]
    }),
  )
  const all = found.filter((each) => each !== undefined)
  if (all.length < found.length) return clause
  const inside = all.flatMap((each) => each.inside)
  return { kind: 'linked', parameter, targets: new Set(all.flatMap(({ keys }) => [...keys])), inside }
}

const chainTargets = (
  resolving: ChainResolution,
  parameter: SearchParameter,
  target: ChainTarget,
  next: Query,
): Promise<ChainTargets | undefined> => {
  const known = resolving.known.get(target) ?? new Map<string, Promise<ChainTargets | undefined>>()
  resolving.known.set(target, known)
  const place = isInner(next) ? `#${next.within ?? ''}` : ''
  const found = known.get(place) ?? readChainTargets(resolving, parameter, next)
  known.set(place, found)
  return found
}

const readChainTargets = async (
  resolving: ChainResolution,
  parameter: SearchParameter,
  next: Query,
): Promise<ChainTargets | undefined> => {
  const query = await resolvedQuery(resolving, next)
  const keys = await allKeys(resolving, query, namesFor(resolving, parameter, next))
  const inside = isInner(query) && !isOpen(query) ? query.clauses : []
  return keys && { keys, inside: inside.map((clause) => ({ type: query.type, clause })) }
}

/**
 * Returns the names under which links may refer to a chain's targets: their own addresses, and canonical addresses if the
 * parameter may hold these.
 */
const namesFor =
  ({ scope }: ChainResolution, parameter: SearchParameter, next: Query) =>
  async (reads: readonly Read[]): Promise<readonly string[]> => {
    const own = reads.map(({ resource }) => addressOf(resource))
    if (isInner(next) || !canonicalTargets(parameter).includes(next.type)) return own
    return [...own, ...(await addressesTo(scope, next.base, reads)).flat()]
  }

const resolveHas = async (resolving: ChainResolution, query: Query, has: HasClause): Promise<Clause> => {
  const own = `${query.type}/`
  const named = (key: string): string[] => {
    if (key.startsWith(own)) return [key.slice(own.length)]
    return isInner(query) && key.startsWith('#') ? [key] : []
  }
  const types = canonicalTargets(has.parameter, query.type)
  const idsOf = async (reads: readonly Read[]): Promise<readonly string[]> => {
    const values = reads.flatMap(({ resource }) => valuesOf(resource, has.parameter))
    const byAddress = await keysNamed(resolving.scope, query.base, values, types)
    const local = values.map((value) => localKey(value, query.base) ?? '')
    return [...local, ...[...byAddress.values()].flat()].flatMap(named)
  }
  const next = await resolvedQuery(resolving, innerQuery(query, has.type, [has.clause]))
  const ids = await allKeys(resolving, next, idsOf)
  return ids ? { kind: 'any-of', ids } : has
}

/** Returns the query of a type in the middle of a chain. */
export const innerQuery = ({ base }: Query, type: string, clauses: readonly Clause[]): Query => ({
  ...defaultControl,
  type,
  base,
  clauses,
  selfPairs: [],
})

const innerPage = 1000

/** Returns the keys of all matches of a query; undefined if there are too many matches. */
const allKeys = async (
  { scope, most }: ChainResolution,
  query: Query,
  keysOf: (reads: readonly Read[]) => Promise<readonly string[]>,
): Promise<ReadonlySet<string> | undefined> => {
  const paged = { ...query, count: Math.min(innerPage, most + 1) }
  const plan = planQuery(paged)
  const keys = new Set<string>()
  let found = 0
  let page = await readPage(scope, paged, plan)
  for (;;) {
    for (const key of await keysOf(page.reads)) keys.add(key)
    found += page.reads.length
    if (found > most) return undefined
    if (!page.next) return keys
    if (isOver(scope)) return undefined
    page = await readPage(scope, paged, plan, page.next)
  }
}
