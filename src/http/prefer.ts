/** https://hl7.org/fhir/R4/http.html#ops and https://www.rfc-editor.org/rfc/rfc7240 */

import type { Prefer } from '../request/call.ts'

const returnPreferences = ['minimal', 'representation', 'OperationOutcome'] as const

const preferenceIn = (part: string): [string, string] => {
  const [name = '', value = ''] = part.split('=')
  return [name.trim().toLowerCase(), value.trim().replaceAll('"', '')]
}

/**
 * Returns the preferences of a `Prefer` header, the first of each name; unknown preferences are ignored, as RFC 7240
 * demands.
 */
export const preferOf = (header: string | undefined): Prefer => {
  const stated = new Map((header ?? '').split(/[,;]/).map(preferenceIn).toReversed())
  const wanted = returnPreferences.find(
    (value) => value.toLowerCase() === stated.get('return')?.toLowerCase(),
  )
  const handling = stated.get('handling')?.toLowerCase()
  return {
    ...(wanted !== undefined && { returns: wanted }),
    lenient: handling === 'lenient',
    ...(handling === 'strict' && { strict: true }),
  }
}
