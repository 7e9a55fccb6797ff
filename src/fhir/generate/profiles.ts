/** Writes R4's own profiles and extensions, as far as they are checked: https://hl7.org/fhir/R4/profilelist.html */

import type { ConstraintDefinition } from './source.ts'

type DefinitionElement = Readonly<Record<string, unknown>>

const keptMembers: ReadonlySet<string> = new Set(
  'id path sliceName slicing min max contentReference binding mustSupport maxLength'.split(' '),
)
const values = /^(?:fixed|pattern|minValue|maxValue)[A-Z]/

/** The rules that apply to every element and every extension, and so are left out of profiles. */
const isOfEverything = ({ key }: { key: string }): boolean => key === 'ele-1' || key === 'ext-1'

const listedProfiles = (name: string, items: readonly unknown[]): object =>
  items.length > 0 ? { [name]: items } : {}

const briefElement = ({
  type = [],
  constraint = [],
  ...element
}: DefinitionElement & Partial<Lists>): object => ({
  ...Object.fromEntries(
    Object.entries(element).filter(
      ([name, value]) => (keptMembers.has(name) || values.test(name)) && value !== false,
    ),
  ),
  ...listedProfiles(
    'type',
    type.map(({ code, profile, targetProfile }) => ({ code, profile, targetProfile })),
  ),
  ...listedProfiles(
    'constraint',
    constraint
      .filter((each) => !isOfEverything(each))
      .map(({ key, severity, human, expression }) => ({ key, severity, human, expression })),
  ),
})

interface Lists {
  type: readonly { code: string; profile?: readonly string[]; targetProfile?: readonly string[] }[]
  constraint: readonly { key: string; severity: string; human: string; expression?: string }[]
}

/**
 * The elements at which R4's own definitions use an extension although its `context` does not list them; later versions
 * of FHIR do.
 */
const alsoIn: Readonly<Record<string, string>> = {
  'structuredefinition-fhir-type': 'ElementDefinition.type',
  'structuredefinition-normative-version': 'Element',
  regex: 'ElementDefinition.type',
  'valueset-concept-comments': 'CodeSystem.concept',
}

const profilePlacesOf = ({ url, context }: ConstraintDefinition): object => {
  const more = alsoIn[url.slice(url.lastIndexOf('/') + 1)]
  return context ? { context: [...context, ...(more ? [{ type: 'element', expression: more }] : [])] } : {}
}

const brief = (definition: ConstraintDefinition): object => {
  const { url, kind, type, baseDefinition, differential, contextInvariant } = definition
  return {
    resourceType: 'StructureDefinition',
    url,
    kind,
    type,
    derivation: 'constraint',
    baseDefinition,
    ...profilePlacesOf(definition),
    ...(contextInvariant && { contextInvariant }),
    differential: { element: (differential?.element ?? []).map(briefElement) },
  }
}

/** Returns the module text: a JSON text for each definition, by its address. */
export const writeProfiles = (definitions: readonly ConstraintDefinition[]): string => {
  const rows = definitions.map((definition) => [definition.url, JSON.stringify(brief(definition))])
  return `export const profileRows = ${JSON.stringify(Object.fromEntries(rows), null, 1)}\n`
}
