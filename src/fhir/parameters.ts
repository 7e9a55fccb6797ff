/** The official search parameters, https://hl7.org/fhir/R4/searchparameter-registry.html, read type by type. */

import type { Resource, SearchParameter, SearchType, TypedValue } from './definitions.ts'
import { type Extractor, extractors } from './generated/extractors.js'
import { compartments, parameterRows } from './generated/registry.js'

const urlPrefix = 'http://hl7.org/fhir/SearchParameter/'

const memoized = <T>(make: (type: string) => T): ((type: string) => T) => {
  const made = new Map<string, T>()
  return (type) => {
    const present = made.get(type)
    if (present !== undefined) return present
    const value = make(type)
    made.set(type, value)
    return value
  }
}

/** Returns the type's search parameters by code, including those of every type (`_id`, `_tag` …). */
export const searchParameters: (type: string) => ReadonlyMap<string, SearchParameter> = memoized((type) => {
  const parameters = ['Resource', type].flatMap((base) =>
    parameterRowsIn(base).map((row) => parameterOf(base, row)),
  )
  return new Map(parameters.map((parameter) => [parameter.code, parameter]))
})

const parameterRowsIn = (base: string): string[] =>
  parameterRows[base]?.split('\n').filter((row) => row !== '') ?? []

const parameterOf = (base: string, row: string): SearchParameter => {
  const [code = '', type = '', address, targets, components, within, elements] = row.split('\t')
  return {
    code,
    type: type as SearchType,
    url: urlOf(address || `${base}-${code}`),
    ...(targets && { targets: targets.split(' ') }),
    ...(components && { components: components.split('\f').map(componentOf) }),
    ...(within && { within: within.split(' ') }),
    ...(elements && { elements: elements.split(' ') }),
  }
}

const urlOf = (address: string): string => (address.includes(':') ? address : urlPrefix + address)

const componentOf = (text: string): NonNullable<SearchParameter['components']>[number] => {
  const [code = '', type = '', expression = ''] = text.split('\v')
  return { code, type: type as SearchType, expression }
}

const extractorsOf = memoized(
  (type): ReadonlyMap<string, Extractor> =>
    new Map(['Resource', type].flatMap((base) => Object.entries(extractors[base]?.() ?? {}))),
)

const plainExtractors = memoized((type) => {
  const parameters = searchParameters(type)
  return [...extractorsOf(type)].filter(([code]) => parameters.get(code)?.type !== 'composite')
})

/** Returns the values of a search parameter that is not a composite; empty if the type has no such parameter. */
export const extract = (resource: Resource, code: string): TypedValue[] => {
  const values: TypedValue[] = []
  extractorsOf(resource.resourceType).get(code)?.(resource, values)
  return values
}

/** Returns the values of all search parameters that have any, composites left out. */
export const extractAll = (resource: Resource): Map<string, TypedValue[]> => {
  const all = new Map<string, TypedValue[]>()
  for (const [code, extractor] of plainExtractors(resource.resourceType)) {
    const values: TypedValue[] = []
    extractor(resource, values)
    if (values.length > 0) all.set(code, values)
  }
  return all
}

/** Returns, for each element that a composite parameter is about, the values of each component in order. */
export const extractComposite = (resource: Resource, code: string): TypedValue[][][] => {
  const elements: TypedValue[][][] = []
  extractorsOf(resource.resourceType).get(code)?.(resource, elements)
  return elements
}

/** Returns the codes of the parameters by which resources of a type belong to a compartment, by default a patient's. */
export const compartmentParameters = (type: string, compartment = 'Patient'): readonly string[] =>
  compartments[compartment]?.[type]?.split(' ') ?? []

/** The types for which R4 defines a compartment. */
export const compartmentTypes: readonly string[] = Object.keys(compartments)

/** Returns whether R4 defines a compartment for the type. */
export const isCompartment = (type: string): boolean => type in compartments

/** Returns the types that a compartment may hold resources of. */
export const typesInCompartment = (compartment: string): readonly string[] =>
  Object.keys(compartments[compartment] ?? {})
