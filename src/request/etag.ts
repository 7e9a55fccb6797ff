/** https://hl7.org/fhir/R4/http.html#concurrency; https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3 */

import { badETag } from '../outcome/messages.ts'

const pattern = /^\s*(?:W\/)?"?([^",\s]+)"?\s*$/

/** Returns the ETag of a version number. */
export const etagOf = (v: number): string => `W/"${v}"`

/** Returns the names within a list of ETags. */
export const etagNames = (list: string): (string | undefined)[] =>
  list.split(',').map((part) => pattern.exec(part)?.[1])

const strict = /^\s*(?:(?:W\/)?"([^"\s]+)"|(\d+))\s*$/

/** Returns the ETags that `If-Match` lists, whether or not they are of versions; fails for a malformed list. */
export const etagsIn = (ifMatch: string): readonly string[] =>
  ifMatch.split(',').map((part) => {
    const [, quoted, bare] = strict.exec(part) ?? []
    const name = quoted ?? bare
    if (name === undefined) throw badETag('If-Match', ifMatch)
    return name
  })
