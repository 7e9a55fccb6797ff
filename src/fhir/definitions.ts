/** The shapes of the R4 knowledge that `npm run generate` writes to `generated/`. */

/** https://hl7.org/fhir/R4/search.html#ptypes */
export type SearchType =
  | 'token'
  | 'reference'
  | 'date'
  | 'string'
  | 'number'
  | 'quantity'
  | 'uri'
  | 'composite'
  | 'special'

/** One search parameter of one resource type, https://hl7.org/fhir/R4/searchparameter.html */
export interface SearchParameter {
  code: string
  type: SearchType
  url: string
  /** For references: the types the target may have; absent where any type may stand. */
  targets?: readonly string[]
  /** For composites: the component's search parameter code and its path from the composite's element. */
  components?: readonly { code: string; type: SearchType; expression: string }[]
  /**
   * Codes of other parameters of the same type whose values together include all values of this one
   * (`patient` from `subject`, `combo-code` from `code` and `component-code`, `email` from `telecom`,
   * `family` from `name`, whose strings include the family name): such a parameter needs no index entries of its own.
   */
  within?: readonly string[]
  /** The types of a token's or a reference's elements, where one of them is not a usual one: `string`, `canonical`. */
  elements?: readonly string[]
  /** Where the parameter is a tenant's own rather than R4's. */
  own?: OwnValues
}

/** How the values of a tenant's own search parameter are found, and where they are kept. */
export interface OwnValues {
  /** The name that its lists go by: another definition under the same code has other lists. */
  list: string
  /** Returns the values in a resource; of a composite, for each element the values of each component. */
  of: (resource: Resource) => readonly TypedValue[]
  /** Of a composite: its components, each as if it were a parameter by itself. */
  parts?: readonly SearchParameter[]
}

/**
 * An element's value as it stands in the JSON, with the name of its FHIR type (`CodeableConcept`, `dateTime`).
 * Inline elements are `BackboneElement`; a resource within a Bundle has its own type's name.
 */
export interface TypedValue {
  type: string
  value: unknown
  /** For `code` elements with a required binding to one code system: that system. */
  system?: string
}

/** A parsed JSON object of a resource. */
export interface Resource {
  resourceType: string
  id?: string
  [element: string]: unknown
}
