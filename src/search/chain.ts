/** https://hl7.org/fhir/R4/search.html#chaining and https://hl7.org/fhir/R4/search.html#has */

import { defaultControl } from './control.ts'
import type { Read } from './hydrate.ts'
import { localKey, valuesOf } from './match.ts'
import { planQuery } from './plan.ts'
import { type ChainClause, type Clause, type HasClause, isOpen, type Query } from './query.ts'
import { readPage } from './run.ts'
import { isOver, type Scope } from './scope.ts'

/**
 * Returns the query with every chain and `_has` replaced by what it found, innermost first. One that leads over more
 * than `most` resources, or over more than may be read, stays open: it is followed from match to match.
 */
export const resolveChains = async (scope: Scope, query: Query, most: number): Promise<Query> => {
  if (!isOpen(query)) return query
  return { ...query, clauses: await resolveAll(scope, query, query.clauses, most) }
}

const resolveAll = (
  scope: Scope,
  query: Query,
  clauses: readonly Clause[],
  most: number,
): Promise<Clause[]> => Promise.all(clauses.map((clause) => resolve(scope, query, clause, most)))

const resolve = async (scope: Scope, query: Query, clause: Clause, most: number): Promise<Clause> => {
  if (clause.kind === 'chain') return resolveChain(scope, query, clause, most)
  if (clause.kind === 'has') return resolveHas(scope, query, clause, most)
  if ('clauses' in clause) return { ...clause, clauses: await resolveAll(scope, query, clause.clauses, most) }
  return clause
}

const resolveChain = async (
  scope: Scope,
  query: Query,
  clause: ChainClause,
  most: number,
): Promise<Clause> => {
  const { parameter, targets } = clause
  const keyOf = ({ version }: Read) => [`${version.type}/${version.id}`]
  const found = await Promise.all(
    targets.map((target) => allKeys(scope, innerQuery(query, target.type, [target.clause]), most, keyOf)),
  )
  const keys = found.filter((each) => each !== undefined)
  if (keys.length < found.length) return clause
  return { kind: 'linked', parameter, targets: new Set(keys.flatMap((each) => [...each])) }
}

const resolveHas = async (scope: Scope, query: Query, has: HasClause, most: number): Promise<Clause> => {
  const own = `${query.type}/`
  const idsOf = ({ resource }: Read) =>
    valuesOf(resource, has.parameter)
      .map((value) => localKey(value, query.base))
      .filter((key) => key?.startsWith(own))
      .map((key) => key?.slice(own.length) ?? '')
  const ids = await allKeys(scope, innerQuery(query, has.type, [has.clause]), most, idsOf)
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

/** Returns what every match of an inner search gives; undefined where there are too many of them. */
const allKeys = async (
  scope: Scope,
  inner: Query,
  most: number,
  keysOf: (read: Read) => readonly string[],
): Promise<ReadonlySet<string> | undefined> => {
  const resolved = { ...(await resolveChains(scope, inner, most)), count: Math.min(innerPage, most + 1) }
  const plan = planQuery(resolved)
  const keys = new Set<string>()
  let found = 0
  let page = await readPage(scope, resolved, plan)
  for (;;) {
    for (const key of page.reads.flatMap(keysOf)) keys.add(key)
    found += page.reads.length
    if (found > most) return undefined
    if (!page.next) return keys
    if (isOver(scope)) return undefined
    page = await readPage(scope, resolved, plan, page.next)
  }
}
