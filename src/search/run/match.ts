import { canonicalKey } from '../../fhir/canonical.ts'
import { addressOf, containerOf, innerAt, linkFromOutside } from '../../fhir/contained.ts'
import type { Resource, SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import { extract, extractComposite } from '../../fhir/parameters.ts'
import { linkText, parseLink, referenceTo } from '../../fhir/references.ts'
import { hasWords } from '../index/words.ts'
import type { Clause, LinkedClause, MissingClause, Query, ValueClause } from '../query.ts'
import { modifierNamed } from '../types/index.ts'

/** Returns whether a resource satisfies every clause; chains must be resolved before. */
export const matchesQuery = (query: Query, resource: Resource): boolean =>
  resource.resourceType === query.type &&
  query.clauses.every((clause) => satisfies(clause, resource, query.base))

/** Returns whether a resource satisfies a clause; fails for an unresolved chain. */
export const satisfies = (clause: Clause, resource: Resource, base: string): boolean => {
  switch (clause.kind) {
    case 'value':
      return satisfiesValue(clause, resource, base)
    case 'missing':
      return satisfiesMissing(clause, resource)
    case 'linked':
      return satisfiesLink(clause, resource, base)
    case 'any-of':
      return clause.ids.has(candidateOf(resource))
    case 'words':
      return hasWords(resource, clause.scope, clause.words)
    case 'any':
      return clause.clauses.some((inner) => satisfies(inner, resource, base))
    case 'all':
      return clause.clauses.every((inner) => satisfies(inner, resource, base))
    case 'none':
      return !clause.clauses.some((inner) => satisfies(inner, resource, base))
    default:
      throw new Error(`A clause of kind ${clause.kind} must be resolved before it is matched.`)
  }
}

const satisfiesValue = (
  { parameter, modifier, values }: ValueClause,
  resource: Resource,
  base: string,
): boolean => {
  const row = modifierNamed(parameter.type, modifier)
  if (!row) return false
  const found = valuesOf(resource, parameter)
  const some = values.some((wanted) => found.some((value) => row.matches(wanted, value, base)))
  return row.negated ? !some : some
}

/** Returns the name under which a resource is a candidate: its id, or the address of a contained resource. */
export const candidateOf = (resource: Resource): string =>
  containerOf(resource) ? addressOf(resource) : (resource.id ?? '')

/**
 * Returns a parameter's values in a resource; links to contained resources have the form that is used outside of the
 * container.
 */
export const valuesOf = (resource: Resource, parameter: SearchParameter): readonly TypedValue[] => {
  const found = parameterValues(parameter, resource)
  return parameter.type === 'reference' ? found.map((value) => linkFromOutside(resource, value)) : found
}

const parameterValues = ({ code, type, own }: SearchParameter, resource: Resource): readonly TypedValue[] => {
  if (own) return own.of(resource)
  if (code === '_id') return [{ type: 'id', value: resource.id }]
  return type === 'composite' ? compositeValues(resource, code) : extract(resource, code)
}

/** Returns the elements of a composite parameter, each as the values of its components. */
const compositeValues = (resource: Resource, code: string): readonly TypedValue[] =>
  extractComposite(resource, code).map((value) => ({ type: 'composite', value }))

const satisfiesMissing = ({ parameter, missing }: MissingClause, resource: Resource): boolean =>
  (valuesOf(resource, parameter).length === 0) === missing

const satisfiesLink = (clause: LinkedClause, resource: Resource, base: string): boolean =>
  valuesOf(resource, clause.parameter).some((found) => {
    const [key, address] = [localKey(found, base), canonicalKey(found)]
    return (
      (address !== undefined && clause.targets.has(address)) ||
      (key !== undefined && (clause.targets.has(key) || leadsInside(clause, resource, key, base)))
    )
  })

/**
 * Returns whether a link leads to a contained resource that satisfies the rest of a chain; the resource need not be
 * stored yet.
 */
const leadsInside = (
  { inside = [] }: LinkedClause,
  resource: Resource,
  key: string,
  base: string,
): boolean => {
  if (inside.length === 0 || !key.startsWith('#')) return false
  const inner = innerAt(resource, key)
  return inside.some(({ type, clause }) => inner?.resourceType === type && satisfies(clause, inner, base))
}

/** Returns the address of the local resource that a link points to: `Patient/1`, or that of a contained resource. */
export const localKey = (found: TypedValue, base: string): string | undefined => {
  const text = linkText(found)
  const link = text === undefined ? undefined : parseLink(text, base)
  if (link?.kind === 'contained') return text
  return link?.kind === 'local' ? referenceTo(link) : undefined
}
