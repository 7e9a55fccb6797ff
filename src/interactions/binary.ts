/** https://hl7.org/fhir/R4/binary-definitions.html#Binary.securityContext */

import { accessIssues } from '../auth/authorise.ts'
import { parseLink } from '../fhir/references.ts'
import { failOn } from '../outcome/outcome.ts'
import type { Context } from '../request/context.ts'
import type { Version } from '../store/port.ts'

/** Fails if a Binary has a security context of a type that the principal may not read. */
export const checkSecurityContext = ({ text }: Version, { principal }: Pick<Context, 'principal'>): void => {
  const { securityContext } = JSON.parse(text) as { securityContext?: { reference?: string } }
  const link = parseLink(securityContext?.reference ?? '')
  if (link && 'type' in link && link.type) failOn(accessIssues(principal, 'read', link.type))
}
