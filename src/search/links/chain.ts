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

/** Where the rest of a chain leads: to these addresses, and inside the resource to what satisfies the rest itself. */
interface Reached {
  readonly keys: ReadonlySet<string>
  readonly inside: readonly ChainTarget[]
}

interface Resolving {
  readonly scope: Scope
  readonly most: number
  /** The rest of a chain is followed once, from wherever it is come to. */
  readonly known: Map<ChainTarget, Map<string, Promise<Reached | undefined>>>
}

/**
 * Returns the query with every chain and `_has` replaced by what it found, innermost first. One that leads over more
 * than `most` resources, or over more than may be read, stays open: it is followed from match to match.
 */
export const resolveChains = (scope: Scope, query: Query, most: number): Promise<Query> =>
  resolved({ scope, most, known: new Map() }, query)

const resolved = async (resolving: Resolving, query: Query): Promise<Query> => {
  if (!isOpen(query)) return query
  return { ...query, clauses: await resolveAll(resolving, query, query.clauses) }
}

/** Each may seek thousands of lists at once. */
const width = 2

const resolveAll = (resolving: Resolving, query: Query, clauses: readonly Clause[]): Promise<Clause[]> =>
  inParallel(width, clauses, (clause) => resolve(resolving, query, clause))

const resolve = async (resolving: Resolving, query: Query, clause: Clause): Promise<Clause> => {
  if (clause.kind === 'chain') return resolveChain(resolving, query, clause)
  if (clause.kind === 'has') return resolveHas(resolving, query, clause)
  if ('clauses' in clause) return { ...clause, clauses: await resolveAll(resolving, query, clause.clauses) }
  return clause
}

/** A link leads to what stands by itself, or to what is inside the same resource. */
const resolveChain = async (resolving: Resolving, query: Query, clause: ChainClause): Promise<Clause> => {
  const { parameter, targets } = clause
  const within = isInner(query) ? query.within : query.type
  const found = await Promise.all(
    targets.flatMap((target) => {
      const next = innerQuery(query, target.type, [target.clause])
      return [
        reached(resolving, parameter, target, next),
        reached(resolving, parameter, target, {
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

const reached = (
  resolving: Resolving,
  parameter: SearchParameter,
  target: ChainTarget,
  next: Query,
): Promise<Reached | undefined> => {
  const known = resolving.known.get(target) ?? new Map<string, Promise<Reached | undefined>>()
  resolving.known.set(target, known)
  const place = isInner(next) ? `#${next.within ?? ''}` : ''
  const found = known.get(place) ?? follow(resolving, parameter, next)
  known.set(place, found)
  return found
}

const follow = async (
  resolving: Resolving,
  parameter: SearchParameter,
  next: Query,
): Promise<Reached | undefined> => {
  const query = await resolved(resolving, next)
  const keys = await allKeys(resolving, query, namesFor(resolving, parameter, next))
  const inside = isInner(query) && !isOpen(query) ? query.clauses : []
  return keys && { keys, inside: inside.map((clause) => ({ type: query.type, clause })) }
}

/** A chain's targets are also known by the canonical addresses that lead to them, where the link may be one. */
const namesFor =
  ({ scope }: Resolving, parameter: SearchParameter, next: Query) =>
  async (reads: readonly Read[]): Promise<readonly string[]> => {
    const own = reads.map(({ resource }) => addressOf(resource))
    if (isInner(next) || !canonicalTargets(parameter).includes(next.type)) return own
    return [...own, ...(await addressesTo(scope, next.base, reads)).flat()]
  }

const resolveHas = async (resolving: Resolving, query: Query, has: HasClause): Promise<Clause> => {
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
  const next = await resolved(resolving, innerQuery(query, has.type, [has.clause]))
  const ids = await allKeys(resolving, next, idsOf)
  return ids ? { kind: 'any-of', ids } : has
}

/** Returns a search of another type that a search leads over. */
export const innerQuery = ({ base }: Query, type: string, clauses: readonly Clause[]): Query => ({
  ...defaultControl,
  type,
  base,
  clauses,
  selfPairs: [],
})

const innerPage = 1000

/** Returns what every match of a query gives; undefined where there are too many of them. */
const allKeys = async (
  { scope, most }: Resolving,
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
