/**
 * https://hl7.org/fhir/R4/search.html#recursive — `:above` and `:below` of links to resources with a parent of the same
 * type.
 */

import { referenceTo } from '../../fhir/references.ts'
import { failure } from '../../outcome/failure.ts'
import { searchParameterOf } from '../index/lists.ts'
import { planQuery } from '../plan/plan.ts'
import type { Clause, LinkedClause, Query, ReferenceValue, SearchValue, ValueClause } from '../query.ts'
import { readVersions } from '../run/hydrate.ts'
import { localKey, valuesOf } from '../run/match.ts'
import { readPage } from '../run/run.ts'
import type { Read } from '../scope.ts'
import { isOver, type Scope } from '../scope.ts'
import { innerQuery } from './chain.ts'
import { parentParameter, partTypes } from './parts.ts'
import { replaceClauses, someValue } from './rewrite.ts'

const isReference = (value: SearchValue): value is ReferenceValue => value.type === 'reference'

const isCanonical = (value: SearchValue): boolean => isReference(value) && value.url !== undefined

const isHierarchical = ({ parameter, modifier, values }: ValueClause): boolean =>
  parameter.type === 'reference' &&
  (modifier === 'above' || modifier === 'below') &&
  !values.every(isCanonical)

/** Returns whether a query searches above or below a resource in a hierarchy. */
export const hasParts = (query: Query): boolean => someValue(query.clauses, isHierarchical)

/**
 * Returns the query with `:above` and `:below` replaced by links to the resources of the hierarchy; the same query if
 * there are no such clauses.
 */
export const withParts = async (scope: Scope, query: Query): Promise<Query> => {
  if (!someValue(query.clauses, isHierarchical)) return query
  const clauses = await replaceClauses(query.clauses, isHierarchical, (clause) =>
    resolveHierarchy(scope, query, clause),
  )
  return { ...query, clauses }
}

const startsAt = ({ parameter }: ValueClause, { target, id = '' }: ReferenceValue): readonly string[] =>
  (target !== undefined ? [target] : partTypes(parameter)).map((type) => referenceTo({ type, id }))

const resolveHierarchy = async (scope: Scope, query: Query, clause: ValueClause): Promise<Clause> => {
  const canonical = clause.values.filter(isCanonical)
  const values = clause.values.filter((value) => !isCanonical(value))
  const linked = await linkedHierarchy(scope, query, { ...clause, values })
  return canonical.length === 0
    ? linked
    : { kind: 'any', clauses: [linked, { ...clause, values: canonical }] }
}

/** Reads the hierarchy level by level, each resource once, so that circles end. */
const linkedHierarchy = async (scope: Scope, query: Query, clause: ValueClause): Promise<LinkedClause> => {
  const next = clause.modifier === 'above' ? parentsOf : childrenOf
  const known = new Set(clause.values.filter(isReference).flatMap((value) => startsAt(clause, value)))
  let fresh = [...known]
  while (fresh.length > 0) {
    const found = await next(scope, query, fresh)
    fresh = [...new Set(found)].filter((key) => !known.has(key))
    for (const key of fresh) known.add(key)
  }
  return { kind: 'linked', parameter: clause.parameter, targets: known }
}

/** The links searched at once by their lists. */
const parentsAtOnce = 500

const childrenOf = async (
  scope: Scope,
  query: Query,
  keys: readonly string[],
): Promise<readonly string[]> => {
  const found: string[] = []
  for (const [type, own] of Map.groupBy(keys, (key) => key.split('/')[0] ?? ''))
    for (let i = 0; i < own.length; i += parentsAtOnce)
      found.push(...(await childrenOfSome(scope, query, type, own.slice(i, i + parentsAtOnce))))
  return found
}

const childrenOfSome = async (
  scope: Scope,
  query: Query,
  type: string,
  keys: readonly string[],
): Promise<readonly string[]> => {
  const parameter = searchParameterOf(type, parentParameter(type) ?? '')
  if (!parameter) return []
  const clause: LinkedClause = { kind: 'linked', parameter, targets: new Set(keys) }
  const inner = { ...innerQuery(query, type, [clause]), count: 1000 }
  const plan = planQuery(inner)
  const found: string[] = []
  let page = await readPage(scope, inner, plan)
  for (;;) {
    found.push(...page.reads.map(({ version }) => referenceTo({ type, id: version.id })))
    if (!page.next) return found
    if (isOver(scope)) throw tooManyBelow(query, type)
    page = await readPage(scope, inner, plan, page.next)
  }
}

const tooManyBelow = (query: Query, type: string) =>
  failure(
    'too-costly',
    `There are more resources of type ${type} below than one request may read. Start further down.`,
    query.type,
  )

const parentsOf = async (scope: Scope, query: Query, keys: readonly string[]): Promise<readonly string[]> => {
  const reads = await readVersions(
    scope,
    keys.map((key) => {
      const [type = '', id = ''] = key.split('/')
      return { type, id }
    }),
  )
  return reads.flatMap((read) => (read ? parentsOfRead(read, query.base) : []))
}

const parentsOfRead = ({ resource }: Read, base: string): readonly string[] => {
  const type = resource.resourceType
  const parameter = searchParameterOf(type, parentParameter(type) ?? '')
  const links = parameter ? valuesOf(resource, parameter).map((value) => localKey(value, base)) : []
  return links.filter((key) => key?.startsWith(`${type}/`)).map(String)
}
