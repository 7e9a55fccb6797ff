/** Labels in a resource's `meta`, https://hl7.org/fhir/R4/resource.html#Meta */

export type LabelKind = 'profile' | 'security' | 'tag'

/** What stands in a resource's `meta` and can be searched for: a profile's address, or a coding. */
export interface Label {
  kind: LabelKind
  value: string | { system?: string; code?: string; display?: string }
}
