/** https://hl7.org/fhir/R4/codesystem.html and https://hl7.org/fhir/R4/valueset.html, as far as they are judged and expanded by. */

export interface Designation {
  language?: string
  use?: Coding
  value: string
}

/** A code's property; its value stands in one of `valueCode`, `valueCoding`, `valueString`, … */
export interface Property {
  code: string
  [value: `value${string}`]: unknown
}

export interface Concept {
  code: string
  display?: string
  definition?: string
  designation?: readonly Designation[]
  property?: readonly Property[]
  concept?: readonly Concept[]
}

export interface CodeSystem {
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
  concept?: readonly Concept[]
}

export interface Filter {
  property: string
  op: string
  value: string
}

/** One `include` or `exclude` of a value set. */
export interface Part {
  system?: string
  version?: string
  concept?: readonly Concept[]
  filter?: readonly Filter[]
  valueSet?: readonly string[]
}

export interface Contained {
  system?: string
  version?: string
  code?: string
  display?: string
  abstract?: boolean
  inactive?: boolean
  designation?: readonly Designation[]
  contains?: readonly Contained[]
}

export interface ValueSet {
  resourceType: 'ValueSet'
  id?: string
  url?: string
  version?: string
  name?: string
  title?: string
  status?: string
  compose?: { inactive?: boolean; include: readonly Part[]; exclude?: readonly Part[] }
  expansion?: {
    extension?: readonly { url: string; valueBoolean?: boolean }[]
    total?: number
    contains?: readonly Contained[]
  }
}

export interface Coding {
  system?: string
  version?: string
  code?: string
  display?: string
}
