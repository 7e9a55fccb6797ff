import { isCanonicalKey } from '../../fhir/canonical.ts'
import { containerAt } from '../../fhir/contained.ts'
import { parseCanonical } from '../../fhir/references.ts'
import { facetOf } from '../index/facets.ts'
import { compartmentSources, searchParameterOf, sourcesOf } from '../index/lists.ts'
import type { Clause, LinkedClause, ReferenceValue, SearchValue, ValueClause } from '../query.ts'
import { reachesOf } from './reaches.ts'

export const facetsOfClause = (type: string, clause: Clause): ReadonlySet<number> | undefined => {
  if (clause.kind === 'linked') return linkedFacets(type, clause)
  if (clause.kind !== 'value') return undefined
  const reaches = reachesOf(clause)
  if (!reaches || !sourcesOf(clause.parameter).every((code) => hasFacets(type, code))) return undefined
  if (clause.values.some((value) => mayBePatient(type, clause, value))) return undefined
  const values = reaches.flat().flatMap((reach) => (reach.kind === 'value' ? [reach] : []))
  return new Set(
    sourcesOf(clause.parameter).flatMap((code) =>
      values.map(({ under, value }) => facetOf(`${code}${under ?? ''}`, value)),
    ),
  )
}

const hasFacets = (type: string, code: string): boolean => {
  const kind = searchParameterOf(type, code)?.type
  return kind === 'token' || kind === 'reference'
}

/** References to patients have no facets: the compartment list implies them. */
const mayBePatient = (
  type: string,
  { parameter }: { parameter: ValueClause['parameter'] },
  value: SearchValue,
): boolean => {
  if (value.type !== 'reference' || value.identifier) return false
  const sources = compartmentSources(type)
  return (value.target ?? 'Patient') === 'Patient' && sourcesOf(parameter).some((code) => sources.has(code))
}

const typeAndId = (key: string): readonly [type: string, id: string] => {
  if (isCanonicalKey(key)) return ['', parseCanonical(key).url]
  if (containerAt(key)) return ['', key]
  const [type = '', id = ''] = key.split('/')
  return [type, id]
}

const linkedFacets = (
  type: string,
  { parameter, targets }: LinkedClause,
): ReadonlySet<number> | undefined => {
  const keys = [...targets].map(typeAndId)
  const values = keys.map(([target, id]): ReferenceValue => ({ type: 'reference', target, id }))
  if (values.some((value) => mayBePatient(type, { parameter }, value))) return undefined
  return new Set(sourcesOf(parameter).flatMap((code) => keys.map(([, id]) => facetOf(code, id))))
}
