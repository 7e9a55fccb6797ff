/** Writes the search parameters and the patient compartment as text that is read type by type. */

import type { Model } from './model.ts'
import type { TypeParameter } from './parameters.ts'
import type { Definitions } from './source.ts'
import { findWithin } from './within.ts'

const urlPrefix = 'http://hl7.org/fhir/SearchParameter/'

/** Returns the module text; `../parameters.ts` reads it. */
export const writeRegistry = (
  definitions: Definitions,
  model: Model,
  byType: ReadonlyMap<string, readonly TypeParameter[]>,
): string => {
  const parameters = Object.fromEntries([...byType].map(([type, list]) => [type, rowsOf(list)]))
  const { patientCompartment: compartment } = definitions
  const compartments = model.resourceTypes.map((type) => [type, (compartment[type] ?? []).join(' ')])
  return [
    `export const resourceTypes = ${JSON.stringify(model.resourceTypes.join(' '))}.split(' ')`,
    `export const patientCompartment = ${JSON.stringify(Object.fromEntries(compartments))}`,
    `export const parameterRows = ${JSON.stringify(parameters, null, 1)}`,
    '',
  ].join('\n')
}

const rowsOf = (parameters: readonly TypeParameter[]): string => {
  const within = findWithin(parameters)
  return parameters.map((parameter) => rowOf(parameter, within.get(parameter.code))).join('\n')
}

/** The columns: code, type, address, expression, targets, components, within. */
const rowOf = (parameter: TypeParameter, within: readonly string[] = []): string => {
  const { code, type, url, expression, targets = [], components = [] } = parameter
  const address = url.startsWith(urlPrefix) ? url.slice(urlPrefix.length) : url
  const parts = components.map((part) => [part.code, part.type, part.expression].join('\v'))
  const columns = [code, type, address, expression, targets.join(' '), parts.join('\f'), within.join(' ')]
  return columns.join('\t').trimEnd()
}
