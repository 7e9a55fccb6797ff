/** https://hl7.org/fhir/R4/http.html#cread */

import { etagNames } from '../request/etag.ts'
import type { Version } from '../store/port.ts'

const wholeSeconds = (instant: string): number => Math.floor(Date.parse(instant) / 1000) * 1000

/** Returns whether the caller already has this version, so that 304 is the answer. */
export const notModified = (headers: Readonly<Record<string, string>>, version: Version): boolean => {
  const none = headers['if-none-match']
  if (none !== undefined) return none.trim() === '*' || etagNames(none).includes(String(version.v))
  const since = Date.parse(headers['if-modified-since'] ?? '')
  return !Number.isNaN(since) && wholeSeconds(version.t) <= since
}
