/** https://hl7.org/fhir/R4/http.html#concurrency; https://www.rfc-editor.org/rfc/rfc9110#section-13 */

import { error, type Issue } from '../../outcome/failure.ts'
import {
  alreadyThere,
  changedSince,
  nothingThere,
  unrelatedResource,
  versionMismatch,
} from '../../outcome/messages.ts'
import { etagsIn } from '../../request/etag.ts'
import type { ResourceKey, Version } from '../../store/port.ts'
import type { BundleEntry } from './entries.ts'

/** The demands on the current version for a change to be made. */
export interface Preconditions {
  /** The versions of which the current version must be a member; or any version. */
  ifMatch?: readonly string[] | 'any'
  /** The resource must not exist: `If-None-Match: *`. */
  ifAbsent?: boolean
  /** The resource must not exist, because the criteria had no match. */
  unmatched?: boolean
  /** The second, as milliseconds since 1970, after which the resource must not have changed. */
  unchangedSince?: number
}

type Headers = Readonly<Record<string, string>>

const matchIn = ({ 'if-match': match }: Headers): Preconditions => {
  if (match === undefined) return {}
  return { ifMatch: match.trim() === '*' ? 'any' : etagsIn(match) }
}

/** Returns the precondition of `If-Unmodified-Since`. The header is ignored beside `If-Match` and without a valid date. */
const sinceIn = ({ 'if-match': match, 'if-unmodified-since': since = '' }: Headers): Preconditions => {
  const time = Date.parse(since)
  return match !== undefined || Number.isNaN(time) ? {} : { unchangedSince: time }
}

/** Returns the preconditions in the headers of a change; fails for malformed headers. */
export const preconditionsIn = (headers: Headers): Preconditions => ({
  ...matchIn(headers),
  ...(headers['if-none-match'] === undefined ? {} : { ifAbsent: true }),
  ...sinceIn(headers),
})

/** Returns the preconditions alone, without further members of the object. */
export const pickPreconditions = ({ ifMatch, ifAbsent, unchangedSince }: Preconditions): Preconditions => ({
  ...(ifMatch === undefined ? {} : { ifMatch }),
  ...(ifAbsent === undefined ? {} : { ifAbsent }),
  ...(unchangedSince === undefined ? {} : { unchangedSince }),
})

/** Returns issues for conditions that the interaction does not have, since an ignored condition would seem to hold. */
export const misplacedConditions = ({ method, headers }: BundleEntry): Issue[] => {
  const none = headers['if-none-match']
  const wrong = [
    ...(none !== undefined && (method !== 'PUT' || none.trim() !== '*')
      ? ['`If-None-Match` goes with reads, and as `*` with an update.']
      : []),
    ...(headers['if-none-exist'] !== undefined && method !== 'POST'
      ? ['`If-None-Exist` goes with a create.']
      : []),
  ]
  return wrong.map((text) => error('invalid', text))
}

const second = (t: string): number => Math.floor(Date.parse(t) / 1000) * 1000

/** Returns an issue if a precondition does not hold for the current version. */
export const preconditionIssues = (
  before: Version | undefined,
  { type, id }: ResourceKey,
  { ifMatch, ifAbsent, unchangedSince, unmatched }: Preconditions,
): Issue[] => {
  const live = before && !before.deleted
  if (unmatched && live) return [unrelatedResource(type, id)]
  if (ifMatch === 'any') return live ? [] : [nothingThere(type, id)]
  if (ifMatch && !ifMatch.includes(String(before?.v))) return [versionMismatch(type, id, ifMatch, before?.v)]
  if (unchangedSince !== undefined && before && second(before.t) > unchangedSince)
    return [changedSince(type, id, before.t)]
  return ifAbsent && live ? [alreadyThere(type, id)] : []
}
