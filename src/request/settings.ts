/** https://hl7.org/fhir/R4/validation.html — what a deployment asks of what is written, beyond R4 itself. */
export interface Rules {
  /** What becomes of a resource that breaks a profile: it is not looked at, told as a warning, or refused. */
  profiles: 'off' | 'warn' | 'reject'
  /** By type: the profiles that every resource must meet, whether it claims them or not. */
  required: Readonly<Record<string, readonly string[]>>
  /** Whether a reference must lead to a type that R4 allows there, and whether its target must exist. */
  references: 'off' | 'types' | 'exist'
  /** Whether a resource may be deleted while others refer to it. */
  deletionOfReferred: 'allow' | 'refuse'
}

/** What holds where a deployment says nothing. */
export const defaultRules: Rules = {
  profiles: 'off',
  required: {},
  references: 'types',
  deletionOfReferred: 'allow',
}
