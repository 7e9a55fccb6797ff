/** https://hl7.org/fhir/R4/search.html#recursive — `:above` and `:below` of links to resources that are part of each other. */

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
import { rewritten, someValue } from './rewrite.ts'

const isReference = (value: SearchValue): value is ReferenceValue => value.type === 'reference'

const isCanonical = (value: SearchValue): boolean => isReference(value) && value.url !== undefined

const isHierarchical = ({ parameter, modifier, values }: ValueClause): boolean =>
  parameter.type === 'reference' &&
  (modifier === 'above' || modifier === 'below') &&
  !values.every(isCanonical)

/** Returns whether a query asks for what lies above or below a resource. */
export const hasParts = (query: Query): boolean => someValue(query.clauses, isHierarchical)

/** Returns the query with what lies above or below its resources told; the same query where nothing needs to be. */
export const withParts = async (scope: Scope, query: Query): Promise<Query> => {
  if (!someValue(query.clauses, isHierarchical)) return query
  const clauses = await rewritten(query.clauses, isHierarchical, (clause) => resolve(scope, query, clause))
  return { ...query, clauses }
}

const startsAt = ({ parameter }: ValueClause, { target, id = '' }: ReferenceValue): readonly string[] =>
  (target !== undefined ? [target] : partTypes(parameter)).map((type) => referenceTo({ type, id }))

const resolve = async (scope: Scope, query: Query, clause: ValueClause): Promise<Clause> => {
  const canonical = clause.values.filter(isCanonical)
  const values = clause.values.filter((value) => !isCanonical(value))
  const linked = await resolveParts(scope, query, { ...clause, values })
  return canonical.length === 0
    ? linked
    : { kind: 'any', clauses: [linked, { ...clause, values: canonical }] }
}

/** Step by step, each resource once, so that what goes in circles ends. */
const resolveParts = async (scope: Scope, query: Query, clause: ValueClause): Promise<LinkedClause> => {
  const next = clause.modifier === 'above' ? wholesOf : partsOf
  const known = new Set(clause.values.filter(isReference).flatMap((value) => startsAt(clause, value)))
  let fresh = [...known]
  while (fresh.length > 0) {
    const found = await next(scope, query, fresh)
    fresh = [...new Set(found)].filter((key) => !known.has(key))
    for (const key of fresh) known.add(key)
  }
  return { kind: 'linked', parameter: clause.parameter, targets: known }
}

/** So many links are sought at once by their lists. */
const width = 500

const partsOf = async (scope: Scope, query: Query, keys: readonly string[]): Promise<readonly string[]> => {
  const found: string[] = []
  for (const [type, own] of Map.groupBy(keys, (key) => key.split('/')[0] ?? ''))
    for (let i = 0; i < own.length; i += width)
      found.push(...(await partsOfSome(scope, query, type, own.slice(i, i + width))))
  return found
}

const partsOfSome = async (
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
    if (isOver(scope)) throw tooMany(query, type)
    page = await readPage(scope, inner, plan, page.next)
  }
}

const tooMany = (query: Query, type: string) =>
  failure(
    'too-costly',
    `There are more resources of type ${type} below than one request may read. Start further down.`,
    query.type,
  )

const wholesOf = async (scope: Scope, query: Query, keys: readonly string[]): Promise<readonly string[]> => {
  const reads = await readVersions(
    scope,
    keys.map((key) => {
      const [type = '', id = ''] = key.split('/')
      return { type, id }
    }),
  )
  return reads.flatMap((read) => (read ? wholesOfOne(read, query.base) : []))
}

const wholesOfOne = ({ resource }: Read, base: string): readonly string[] => {
  const type = resource.resourceType
  const parameter = searchParameterOf(type, parentParameter(type) ?? '')
  const links = parameter ? valuesOf(resource, parameter).map((value) => localKey(value, base)) : []
  return links.filter((key) => key?.startsWith(`${type}/`)).map(String)
}
