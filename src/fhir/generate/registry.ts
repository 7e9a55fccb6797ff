/** Writes the search parameters and the patient compartment as text that is read type by type. */

import exceptionsJson from './compartments.json' with { type: 'json' }
import type { Model } from './model.ts'
import type { TypeParameter } from './parameters.ts'
import type { SourceDefinitions } from './source.ts'
import { findWithin } from './within.ts'

const parameterUrlPrefix = 'http://hl7.org/fhir/SearchParameter/'

/** Returns the text of the module that `../parameters.ts` reads. */
export const writeRegistry = (
  definitions: SourceDefinitions,
  byType: ReadonlyMap<string, readonly TypeParameter[]>,
): string => {
  const parameters = Object.fromEntries(
    [...byType].map(([type, list]) => [type, parameterRowsOf(type, list)]),
  )
  const compartments = {
    Patient: joinedColumns(definitions.patientCompartment),
    ...otherCompartments(byType),
  }
  return [
    `export const compartments = ${JSON.stringify(compartments)}`,
    `export const parameterRows = ${JSON.stringify(parameters, null, 1)}`,
    '',
  ].join('\n')
}

/** Returns the module text of the FHIRPath expressions, which no request needs. */
export const writeExpressions = (byType: ReadonlyMap<string, readonly TypeParameter[]>): string => {
  const rows = (list: readonly TypeParameter[]): [string, string][] =>
    list.map(({ code, expression }) => [code, expression])
  const all = Object.fromEntries([...byType].map(([type, list]) => [type, Object.fromEntries(rows(list))]))
  return `export const expressions = ${JSON.stringify(all, null, 1)}\n`
}

/** Returns the module text of the types' names alone, which every request needs. */
export const writeTypes = ({ resourceTypes }: Model): string =>
  `export const resourceTypes = ${JSON.stringify(resourceTypes.join(' '))}.split(' ')\n`

type CompartmentCodes = Readonly<Record<string, readonly string[]>>

const joinedColumns = (compartment: CompartmentCodes): Record<string, string> =>
  Object.fromEntries(
    Object.entries(compartment).flatMap(([type, codes]) =>
      codes.length > 0 ? [[type, codes.join(' ')]] : [],
    ),
  )

/** The exceptions to the rule that every link to the compartment's type counts. */
const exceptions: Readonly<Record<string, { without: CompartmentCodes; with: CompartmentCodes }>> =
  exceptionsJson

const otherCompartments = (byType: ReadonlyMap<string, readonly TypeParameter[]>) =>
  Object.fromEntries(
    Object.entries(exceptions).map(([of, { without, with: more }]) => {
      const codesOf = (type: string, parameters: readonly TypeParameter[]): string[] => [
        ...parameters.filter(({ targets }) => targets?.includes(of)).map(({ code }) => code),
        ...(more[type] ?? []),
      ]
      const codes = [...byType].map(([type, parameters]) => [
        type,
        codesOf(type, parameters).filter((code) => !without[type]?.includes(code)),
      ])
      return [of, joinedColumns(Object.fromEntries(codes))]
    }),
  )

/** Returns a type's search parameters as rows. */
export const parameterRowsOf = (base: string, parameters: readonly TypeParameter[]): string => {
  const within = findWithin(parameters)
  return parameters.map((parameter) => parameterRow(base, parameter, within.get(parameter.code))).join('\n')
}

/** The columns: code, type, address (empty for `Type-code`), targets, components, within, elements. */
const parameterRow = (base: string, parameter: TypeParameter, within: readonly string[] = []): string => {
  const { code, type, url, targets = [], components = [], elements = [] } = parameter
  const full = url.startsWith(parameterUrlPrefix) ? url.slice(parameterUrlPrefix.length) : url
  const address = full === `${base}-${code}` ? '' : full
  const parts = components.map((part) => [part.code, part.type, part.expression].join('\v'))
  const columns = [
    code,
    type,
    address,
    targets.join(' '),
    parts.join('\f'),
    within.join(' '),
    elements.join(' '),
  ]
  return columns.join('\t').trimEnd()
}
