/** A deployment's demands on resources beyond R4 itself: https://hl7.org/fhir/R4/validation.html */
export interface Rules {
  /** The treatment of a resource that breaks a profile: not checked, reported as a warning, or refused. */
  profiles: 'off' | 'warn' | 'reject'
  /** The profiles that every resource must meet, claimed or not, by type. */
  required: Readonly<Record<string, readonly string[]>>
  /** Whether a reference must lead to a type that R4 allows there, and whether its target must exist. */
  references: 'off' | 'types' | 'exist'
  /** Whether a resource may be deleted while further resources refer to the resource. */
  deletionOfReferred: 'allow' | 'refuse'
}

/** The rules of a deployment without settings. */
export const defaultRules: Rules = {
  profiles: 'off',
  required: {},
  references: 'types',
  deletionOfReferred: 'allow',
}
