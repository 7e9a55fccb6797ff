/**
 * A document is found by what its Composition says, a message by what its header says: the first entry of either is
 * part of the Bundle, so that `composition.type` is a parameter of Bundle with lists of its own.
 * https://hl7.org/fhir/R4/bundle.html#search
 */

import type { Resource, SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import { firstEntry } from '../../fhir/first-entry.ts'
import { extract, extractComposite, searchParameters } from '../../fhir/parameters.ts'
import type { Clause } from '../query.ts'

/** Returns whether what a parameter finds is part of the resource it is found in, and stored nowhere else. */
export const isPart = ({ elements }: Pick<SearchParameter, 'elements'>): boolean =>
  elements?.includes('Resource') ?? false

const valuesIn = (resource: Resource, { code, type }: SearchParameter): readonly TypedValue[] =>
  type === 'composite'
    ? extractComposite(resource, code).map((value) => ({ type: 'composite', value }))
    : extract(resource, code)

/** Returns a parameter of the first entry's type as one of the Bundle: `type` as `composition.type`. */
const asPart = (outer: SearchParameter, type: string, inner: SearchParameter): SearchParameter => {
  const name = (code: string): string => `${outer.code}.${code}`
  const parts = inner.components?.flatMap(({ code }) => {
    const part = searchParameters(type).get(code)
    return part ? [asPart(outer, type, part)] : []
  })
  return {
    ...inner,
    code: name(inner.code),
    ...(inner.within && { within: inner.within.map(name) }),
    own: {
      list: name(inner.code),
      of: (bundle) => {
        const resource = firstEntry(bundle)?.resource
        return resource?.resourceType === type ? valuesIn(resource, inner) : []
      },
      ...(parts && { parts }),
    },
  }
}

/** Returns what a clause about the first entry says of the Bundle; undefined where it is about more than its values. */
export const partClause = (outer: SearchParameter, type: string, clause: Clause): Clause | undefined => {
  switch (clause.kind) {
    case 'value':
    case 'missing':
    case 'chain':
      return { ...clause, parameter: asPart(outer, type, clause.parameter) }
    case 'any':
    case 'all':
    case 'none': {
      const inner = clause.clauses.map((each) => partClause(outer, type, each))
      const known = inner.filter((each) => each !== undefined)
      return known.length === inner.length ? { ...clause, clauses: known } : undefined
    }
    default:
      return undefined
  }
}

const known = new Map<string, readonly SearchParameter[]>()

/** Returns the parameters by which a type is indexed for what is part of it, those left out that lie within others. */
export const partParameters = (type: string): readonly SearchParameter[] => {
  const found = known.get(type) ?? partsOf(type)
  known.set(type, found)
  return found
}

const partsOf = (type: string): readonly SearchParameter[] =>
  [...searchParameters(type).values()]
    .filter(isPart)
    .flatMap((outer) =>
      (outer.targets ?? []).flatMap((target) =>
        [...searchParameters(target).values()]
          .filter((inner) => inner.within === undefined && inner.type !== 'composite')
          .map((inner) => asPart(outer, target, inner)),
      ),
    )
