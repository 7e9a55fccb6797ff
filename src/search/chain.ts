/** https://hl7.org/fhir/R4/search.html#chaining and https://hl7.org/fhir/R4/search.html#has */

import { failure } from '../outcome/failure.ts'
import { defaultControl } from './control.ts'
import type { Read } from './hydrate.ts'
import { localKey, valuesOf } from './match.ts'
import { planQuery } from './plan.ts'
import type { ChainClause, Clause, HasClause, Query } from './query.ts'
import { readPage } from './run.ts'
import type { Scope } from './scope.ts'

/** Returns the query with every chain and `_has` replaced by what it found, innermost first. */
export const resolveChains = async (scope: Scope, query: Query): Promise<Query> => {
  if (!query.clauses.some(needsResolving)) return query
  return { ...query, clauses: await resolveAll(scope, query, query.clauses) }
}

/** Returns whether a clause must look into other resources before it can be judged. */
export const needsResolving = (clause: Clause): boolean => {
  if (clause.kind === 'chain' || clause.kind === 'has') return true
  return 'clauses' in clause && clause.clauses.some(needsResolving)
}

const resolveAll = (scope: Scope, query: Query, clauses: readonly Clause[]): Promise<Clause[]> =>
  Promise.all(clauses.map((clause) => resolve(scope, query, clause)))

const resolve = async (scope: Scope, query: Query, clause: Clause): Promise<Clause> => {
  if (clause.kind === 'chain') return resolveChain(scope, query, clause)
  if (clause.kind === 'has') return resolveHas(scope, query, clause)
  if ('clauses' in clause) return { ...clause, clauses: await resolveAll(scope, query, clause.clauses) }
  return clause
}

const resolveChain = async (
  scope: Scope,
  query: Query,
  { parameter, targets }: ChainClause,
): Promise<Clause> => {
  const found = await Promise.all(
    targets.map((target) => allMatches(scope, query, target.type, target.clause)),
  )
  const keys = found.flat().map(({ version }) => `${version.type}/${version.id}`)
  return { kind: 'linked', parameter, targets: new Set(keys) }
}

const resolveHas = async (scope: Scope, query: Query, has: HasClause): Promise<Clause> => {
  const found = await allMatches(scope, query, has.type, has.clause)
  const keys = found.flatMap(({ resource }) =>
    valuesOf(resource, has.parameter).map((value) => localKey(value, query.base)),
  )
  const own = keys
    .filter((key) => key?.startsWith(`${query.type}/`))
    .map((key) => key?.slice(query.type.length + 1) ?? '')
  return { kind: 'any-of', ids: new Set(own) }
}

const innerPage = 1000

/** Returns every match of an inner search. Fails where they are more than one request may read. */
const allMatches = async (scope: Scope, outer: Query, type: string, clause: Clause): Promise<Read[]> => {
  const inner: Query = {
    ...defaultControl,
    type,
    base: outer.base,
    clauses: [clause],
    selfPairs: [],
    count: innerPage,
  }
  const resolved = await resolveChains(scope, inner)
  const plan = planQuery(resolved)
  const reads: Read[] = []
  let page = await readPage(scope, resolved, plan)
  reads.push(...page.reads)
  while (page.next) {
    if (isOver(scope)) throw tooMany(outer, type)
    page = await readPage(scope, resolved, plan, page.next)
    reads.push(...page.reads)
  }
  return reads
}

const isOver = ({ use, limits }: Scope): boolean =>
  use.entries >= limits.entries || use.resources >= limits.resources

const tooMany = (query: Query, type: string) =>
  failure(
    'too-costly',
    `The chain leads over more resources of type ${type} than one request may read. Make its last part narrower.`,
    query.type,
  )
