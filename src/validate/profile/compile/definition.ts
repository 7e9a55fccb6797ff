/** https://hl7.org/fhir/R4/structuredefinition.html and https://hl7.org/fhir/R4/elementdefinition.html, as far as they are checked */

import { structureOf } from '../../../fhir/structure.ts'

export interface TypeDefinition {
  /** Absent in three of R4's own definitions, where only an extension gives the type. */
  code?: string
  profile?: readonly string[]
  targetProfile?: readonly string[]
  aggregation?: readonly string[]
  versioning?: string
}

export interface Constraint {
  key: string
  severity: 'error' | 'warning'
  human: string
  expression?: string
  source?: string
}

export interface Discriminator {
  type: string
  path: string
}

export interface SlicingDefinition {
  discriminator?: readonly Discriminator[]
  ordered?: boolean
  rules?: string
}

export interface Binding {
  strength: string
  valueSet?: string
  extension?: readonly { url: string; valueCanonical?: string }[]
}

/** `fixed[x]`, `pattern[x]`, `minValue[x]` and `maxValue[x]` stand under the names that their types give them. */
export interface ElementDefinition {
  id?: string
  path: string
  sliceName?: string
  slicing?: SlicingDefinition
  min?: number
  max?: string
  type?: readonly TypeDefinition[]
  contentReference?: string
  constraint?: readonly Constraint[]
  binding?: Binding
  mustSupport?: boolean
  maxLength?: number
  readonly [other: string]: unknown
}

export interface StructureDefinition {
  resourceType: 'StructureDefinition'
  url: string
  version?: string
  name?: string
  kind: string
  type: string
  derivation?: string
  baseDefinition?: string
  context?: readonly { type: string; expression: string }[]
  contextInvariant?: readonly string[]
  snapshot?: { element: readonly ElementDefinition[] }
  differential?: { element: readonly ElementDefinition[] }
}

/** Returns the value of `fixed[x]`, `pattern[x]` and the like; undefined without such a member. */
export const choiceOf = (definition: ElementDefinition, name: string): unknown => {
  const key = Object.keys(definition).find(
    (each) => each.startsWith(name) && /[A-Z]/.test(each.charAt(name.length)),
  )
  return key === undefined ? undefined : definition[key]
}

const core = 'http://hl7.org/fhir/StructureDefinition/'

/** Returns the R4 type named by an address of the standard itself: `Patient`; undefined for all other addresses. */
export const coreType = (url: string): string | undefined => {
  const [plain = ''] = url.split('|')
  const name = plain.startsWith(core) ? plain.slice(core.length) : ''
  return structureOf(name)?.name
}

/** Returns the name that people know a profile by. */
export const shortName = (url: string): string => `\`${url.slice(url.lastIndexOf('/') + 1)}\``
