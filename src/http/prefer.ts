/** https://hl7.org/fhir/R4/http.html#ops and https://www.rfc-editor.org/rfc/rfc7240 */

import type { Prefer } from '../request/call.ts'

const returns = ['minimal', 'representation', 'OperationOutcome'] as const

const statedIn = (part: string): [string, string] => {
  const [name = '', value = ''] = part.split('=')
  return [name.trim().toLowerCase(), value.trim().replaceAll('"', '')]
}

/** Returns the preferences that a `Prefer` header states, of each the first; unknown ones are ignored, as they should be. */
export const preferOf = (header: string | undefined): Prefer => {
  const stated = new Map((header ?? '').split(/[,;]/).map(statedIn).toReversed())
  const wanted = returns.find((value) => value.toLowerCase() === stated.get('return')?.toLowerCase())
  const handling = stated.get('handling')?.toLowerCase()
  return {
    ...(wanted !== undefined && { returns: wanted }),
    lenient: handling === 'lenient',
    ...(handling === 'strict' && { strict: true }),
  }
}
