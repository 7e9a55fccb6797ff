/** Labels in a resource's `meta`, https://hl7.org/fhir/R4/resource.html#Meta */

export type LabelKind = 'profile' | 'security' | 'tag'

/** A label in a resource's `meta` that searches find: the address of a profile, or a coding. */
export interface Label {
  kind: LabelKind
  value: string | { system?: string; code?: string; display?: string }
}
