/** https://hl7.org/fhir/R4/codesystem.html and https://hl7.org/fhir/R4/valueset.html, as far as they are judged and expanded by. */

export interface Designation {
  language?: string
  use?: Coding
  value: string
}

/** A property of a code; its value is in `valueCode`, `valueCoding`, `valueString`, … */
export interface Property {
  code: string
  [value: `value${string}`]: unknown
}

export interface CodeSystemConcept {
  code: string
  display?: string
  definition?: string
  designation?: readonly Designation[]
  property?: readonly Property[]
  concept?: readonly CodeSystemConcept[]
}

export interface CodeSystemResource {
  resourceType: 'CodeSystem'
  url: string
  version?: string
  name?: string
  title?: string
  content: string
  caseSensitive?: boolean
  hierarchyMeaning?: string
  supplements?: string
  property?: readonly { code: string; uri?: string; type: string }[]
  concept?: readonly CodeSystemConcept[]
}

export interface ComposeFilter {
  property: string
  op: string
  value: string
}

/** An `include` or an `exclude` of a value set. */
export interface ComposePart {
  system?: string
  version?: string
  concept?: readonly CodeSystemConcept[]
  filter?: readonly ComposeFilter[]
  valueSet?: readonly string[]
}

export interface ExpansionEntry {
  system?: string
  version?: string
  code?: string
  display?: string
  abstract?: boolean
  inactive?: boolean
  designation?: readonly Designation[]
  contains?: readonly ExpansionEntry[]
}

export interface ValueSetResource {
  resourceType: 'ValueSet'
  id?: string
  url?: string
  version?: string
  name?: string
  title?: string
  status?: string
  compose?: { inactive?: boolean; include: readonly ComposePart[]; exclude?: readonly ComposePart[] }
  expansion?: {
    extension?: readonly { url: string; valueBoolean?: boolean }[]
    total?: number
    contains?: readonly ExpansionEntry[]
  }
}

export interface Coding {
  system?: string
  version?: string
  code?: string
  display?: string
}
