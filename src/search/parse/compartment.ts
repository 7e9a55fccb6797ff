/** https://hl7.org/fhir/R4/compartmentdefinition.html */

import { compartmentParameters } from '../../fhir/parameters.ts'
import { searchParameterOf } from '../index/lists.ts'
import type { Clause, Query } from '../query.ts'

const clausesLinkingTo = (type: string, code: string, key: string): Clause[] => {
  const parameter = searchParameterOf(type, code)
  return parameter ? [{ kind: 'linked', parameter, targets: new Set([key]) }] : []
}

/** The resource that a compartment is named after belongs to it. */
const clauseFor = (type: string, compartment: string): Clause => {
  const [of = '', id = ''] = compartment.split('/')
  if (type === of) return { kind: 'any-of', ids: new Set([id]) }
  const codes = compartmentParameters(type, of)
  return { kind: 'any', clauses: codes.flatMap((code) => clausesLinkingTo(type, code, compartment)) }
}

/** Returns the query within the compartment of a resource, `Patient/1`. */
export const withinCompartment = (query: Query, compartment: string): Query => ({
  ...query,
  compartment,
  clauses: [clauseFor(query.type, compartment), ...query.clauses],
})
