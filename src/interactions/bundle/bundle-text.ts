/** Entries of Bundles, made from stored texts that are never re-serialised: https://hl7.org/fhir/R4/bundle.html */

import { objectText, raw } from '../../fhir/json/object-text.ts'
import { referenceTo } from '../../fhir/references.ts'
import { etagOf } from '../../request/etag.ts'
import type { Version } from '../../store/port.ts'

/** Returns an entry of a searchset; the address of a contained resource includes its container. */
export const searchEntry = (
  version: Version & { address?: string },
  mode: 'match' | 'include',
  base: string,
  text = version.text,
): string =>
  objectText({
    fullUrl: `${base}/${version.address ?? referenceTo(version)}`,
    resource: raw(text),
    search: { mode },
  })

/** Returns the entry of a searchset with the issues of the search. */
export const outcomeEntry = (outcome: string): string =>
  objectText({ resource: raw(outcome), search: { mode: 'outcome' } })

const requestUrl = ({ method, type, id }: Version): string =>
  method === 'POST' ? type : referenceTo({ type, id })

const historyStatus = ({ method, v }: Version): string => {
  if (method === 'DELETE') return '204 No Content'
  return v === 1 ? '201 Created' : '200 OK'
}

/** Returns an entry of a history; a deletion has no resource. */
export const historyEntry = (version: Version, base: string, text = version.text): string =>
  objectText({
    fullUrl: `${base}/${version.type}/${version.id}`,
    resource: version.deleted ? undefined : raw(text),
    request: { method: version.method, url: requestUrl(version) },
    response: { status: historyStatus(version), etag: etagOf(version.v), lastModified: version.t },
  })
