/** https://hl7.org/fhir/R4/http.html#ops and https://www.rfc-editor.org/rfc/rfc7240 */

import type { Prefer } from '../interactions/call.ts'

const returns = ['minimal', 'representation', 'OperationOutcome'] as const

/** Returns the preferences that a `Prefer` header states; unknown ones are ignored, as they should be. */
export const preferOf = (header: string | undefined): Prefer => {
  const stated = new Map(
    (header ?? '').split(/[,;]/).map((part): [string, string] => {
      const [name = '', value = ''] = part.split('=')
      return [name.trim().toLowerCase(), value.trim().replaceAll('"', '')]
    }),
  )
  const wanted = returns.find((value) => value.toLowerCase() === stated.get('return')?.toLowerCase())
  const lenient = stated.get('handling')?.toLowerCase() === 'lenient'
  return wanted === undefined ? { lenient } : { returns: wanted, lenient }
}
