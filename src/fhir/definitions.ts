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

/** A search parameter of a resource type, https://hl7.org/fhir/R4/searchparameter.html */
export interface SearchParameter {
  code: string
  type: SearchType
  url: string
  /** For references: the types that the target may have; absent if any type is allowed. */
  targets?: readonly string[]
  /** For composites: the component's search parameter code and its path from the composite's element. */
  components?: readonly { code: string; type: SearchType; expression: string }[]
  /**
   * Codes of parameters of the same type whose values together include all values of this parameter (`patient` from
   * `subject`, `combo-code` from `code` and `component-code`, `email` from `telecom`, `family` from `name`, whose strings
   * include the family name), so that the parameter needs no index entries.
   */
  within?: readonly string[]
  /** The types of a token's or a reference's elements, if any of them is unusual: `string`, `canonical`. */
  elements?: readonly string[]
  /** Present if the parameter is a tenant's own and not R4's. */
  own?: OwnValues
}

/** The lists and the extraction of a tenant's own search parameter. */
export interface OwnValues {
  /** The name of the parameter's lists: a new definition under the same code has new lists. */
  list: string
  /** Returns the values in a resource; for a composite, the values of each component for each element. */
  of: (resource: Resource) => readonly TypedValue[]
  /** For composites: the components, each as a parameter with its own extraction. */
  parts?: readonly SearchParameter[]
}

/**
 * An element's value as in the JSON, with the name of its FHIR type (`CodeableConcept`, `dateTime`). Inline elements are
 * `BackboneElement`; a resource within a Bundle has its own type's name.
 */
export interface TypedValue {
  type: string
  value: unknown
  /** For `code` elements with a required binding to a single code system: that system. */
  system?: string
}

/** A parsed JSON object of a resource. */
export interface Resource {
  resourceType: string
  id?: string
  [element: string]: unknown
}
