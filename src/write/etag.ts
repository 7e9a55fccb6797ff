/** https://hl7.org/fhir/R4/http.html#concurrency; https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3 */

import { badETag } from '../outcome/messages.ts'

const pattern = /^\s*(?:W\/)?"?([^",\s]+)"?\s*$/

/** Returns the ETag of a version number. */
export const etagOf = (v: number): string => `W/"${v}"`

/** Returns the names within a list of ETags. */
export const etagNames = (list: string): (string | undefined)[] =>
  list.split(',').map((part) => pattern.exec(part)?.[1])

/** Returns the version that an `If-Match` asks for; an ETag that no version can have is an error. */
export const versionOf = (ifMatch: string | undefined): number | undefined => {
  if (ifMatch === undefined) return undefined
  const number = pattern.exec(ifMatch)?.[1]
  if (number === undefined || !/^[1-9]\d{0,14}$/.test(number)) throw badETag('If-Match', ifMatch)
  return Number(number)
}
