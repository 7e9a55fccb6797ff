import type { Resource, SearchParameter, TypedValue } from '../../fhir/definitions.ts'
import { compartmentParameters, extract, searchParameters } from '../../fhir/parameters.ts'
import { linkText, parseLink } from '../../fhir/references.ts'
import type { SearchableParameters } from '../query.ts'

/** Returns a type's search parameter, from R4 or custom; undefined for an unknown code. */
export const searchParameterOf = (
  type: string,
  code: string,
  own?: SearchableParameters,
): SearchParameter | undefined => searchParameters(type).get(code) ?? own?.of(type).get(code)

/** Returns the codes of the parameters whose lists hold a parameter's values. */
export const sourcesOf = (parameter: SearchParameter): readonly string[] =>
  parameter.within ?? [parameter.own?.list ?? parameter.code]

const compartmentSourcesByType = new Map<string, ReadonlySet<string>>()

/**
 * Returns the parameters whose references to a Patient are found in the patient's compartment and so need no
 * lists: the parameters that define the compartment, and their Patient parts (`patient` of `subject`).
 */
export const compartmentSources = (type: string): ReadonlySet<string> => {
  const known = compartmentSourcesByType.get(type)
  if (known) return known
  const codes = compartmentParameters(type).flatMap((code) => [code, ...patientPart(type, code)])
  const sources = new Set(codes)
  compartmentSourcesByType.set(type, sources)
  return sources
}

const patientPart = (type: string, code: string): readonly string[] => {
  const parameter = searchParameterOf(type, code)
  const onlyPatients = parameter?.targets?.length === 1 && parameter.targets[0] === 'Patient'
  return onlyPatients ? (parameter.within ?? []) : []
}

/**
 * Returns the id of the Patient that a reference names. With a base, only a reference to this server counts;
 * without, the server does not matter, as in the index. Undefined for any other reference.
 */
export const patientOf = (found: TypedValue, base?: string): string | undefined => {
  const text = linkText(found)
  const link = text === undefined ? undefined : parseLink(text, base)
  if (base !== undefined && link?.kind !== 'local') return undefined
  return link !== undefined && 'type' in link && link.type === 'Patient' && 'id' in link ? link.id : undefined
}

/** Returns the ids of the patients in whose compartment a resource is; seen from a base, of this server's patients alone. */
export const patientsOf = (resource: Resource, base?: string): readonly string[] => {
  const codes = [...compartmentSources(resource.resourceType)]
  const found = codes.flatMap((code) => extract(resource, code)).map((value) => patientOf(value, base))
  return [...new Set(found.filter((id) => id !== undefined))]
}
