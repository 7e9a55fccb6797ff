/**
 * A document is found by its Composition, a message by its MessageHeader: the first entry of the Bundle
 * counts as part of the Bundle, so `composition.type` is a parameter of Bundle with its own lists.
 * https://hl7.org/fhir/R4/bundle.html#search
 */

import type { Resource, SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import { firstEntry } from '../../fhir/first-entry.ts'
import { extract, extractComposite, searchParameters } from '../../fhir/parameters.ts'
import type { Clause } from '../query.ts'

/** Returns whether a parameter finds a resource that is stored only as part of the searched resource. */
export const findsFirstEntry = ({ elements }: Pick<SearchParameter, 'elements'>): boolean =>
  elements?.includes('Resource') ?? false

const valuesInFirstEntry = (resource: Resource, { code, type }: SearchParameter): readonly TypedValue[] =>
  type === 'composite'
    ? extractComposite(resource, code).map((value) => ({ type: 'composite', value }))
    : extract(resource, code)

/**
 * Returns a parameter of the first entry's type as a parameter of the Bundle: `type` as `composition.type`.
 */
const asBundleParameter = (outer: SearchParameter, type: string, inner: SearchParameter): SearchParameter => {
  const name = (code: string): string => `${outer.code}.${code}`
  const parts = inner.components?.flatMap(({ code }) => {
    const part = searchParameters(type).get(code)
    return part ? [asBundleParameter(outer, type, part)] : []
  })
  return {
    ...inner,
    code: name(inner.code),
    ...(inner.within && { within: inner.within.map(name) }),
    own: {
      list: name(inner.code),
      of: (bundle) => {
        const resource = firstEntry(bundle)?.resource
        return resource?.resourceType === type ? valuesInFirstEntry(resource, inner) : []
      },
      ...(parts && { parts }),
    },
  }
}

/**
 * Returns a clause about the first entry as a clause about the Bundle; undefined for clauses that are not
 * about values.
 */
export const asBundleClause = (outer: SearchParameter, type: string, clause: Clause): Clause | undefined => {
  switch (clause.kind) {
    case 'value':
    case 'missing':
    case 'chain':
      return { ...clause, parameter: asBundleParameter(outer, type, clause.parameter) }
    case 'any':
    case 'all':
    case 'none': {
      const inner = clause.clauses.map((each) => asBundleClause(outer, type, each))
      const known = inner.filter((each) => each !== undefined)
      return known.length === inner.length ? { ...clause, clauses: known } : undefined
    }
    default:
      return undefined
  }
}

const firstEntryParametersByType = new Map<string, readonly SearchParameter[]>()

/**
 * Returns the parameters by which a Bundle is indexed for its first entry, without parameters whose values
 * are among another's.
 */
export const firstEntryParameters = (type: string): readonly SearchParameter[] => {
  const found = firstEntryParametersByType.get(type) ?? firstEntryParametersOf(type)
  firstEntryParametersByType.set(type, found)
  return found
}

const firstEntryParametersOf = (type: string): readonly SearchParameter[] =>
  [...searchParameters(type).values()]
    .filter(findsFirstEntry)
    .flatMap((outer) =>
      (outer.targets ?? []).flatMap((target) =>
        [...searchParameters(target).values()]
          .filter((inner) => inner.within === undefined && inner.type !== 'composite')
          .map((inner) => asBundleParameter(outer, target, inner)),
      ),
    )
