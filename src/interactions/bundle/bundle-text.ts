/** https://hl7.org/fhir/R4/bundle.html — Bundles put together from stored texts, which are never re-serialised. */

import { referenceTo } from '../../fhir/references.ts'
import { etagOf } from '../../request/etag.ts'
import type { Version } from '../../store/port.ts'

export type BundleType = 'searchset' | 'history' | 'batch-response' | 'transaction-response'

/** A member of an element: a value to be written as JSON, or a text that is JSON already. */
type Members = Readonly<Record<string, unknown>>

/** JSON text to be taken as it is. */
export interface Raw {
  raw: string
}

/** Returns a mark that the text is JSON already. */
export const raw = (text: string): Raw => ({ raw: text })

const isRaw = (value: unknown): value is Raw => typeof value === 'object' && value !== null && 'raw' in value

const memberText = ([name, value]: [string, unknown]): string =>
  `${JSON.stringify(name)}:${isRaw(value) ? value.raw : JSON.stringify(value)}`

/** Returns the JSON text of an object; members that are undefined are left out. */
export const objectText = (members: Members): string =>
  `{${Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .map(memberText)
    .join(',')}}`

export interface BundleLink {
  relation: string
  url: string
}

export interface BundleParts {
  type: BundleType
  id?: string
  timestamp?: string
  total?: number | undefined
  links?: readonly BundleLink[]
  entries: readonly string[]
}

/** Returns the text of a Bundle from the texts of its entries. */
export const bundleText = ({ type, id, timestamp, total, links, entries }: BundleParts): string =>
  objectText({
    resourceType: 'Bundle',
    id,
    meta: timestamp === undefined ? undefined : { lastUpdated: timestamp },
    type,
    timestamp: type === 'searchset' ? undefined : timestamp,
    total,
    link: links && links.length > 0 ? links : undefined,
    entry: entries.length > 0 ? raw(`[${entries.join(',')}]`) : undefined,
  })

/** Returns an entry of a searchset; what is inside of a resource has an address that says so. */
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

/** Returns the entry of a searchset that tells what was not as asked. */
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
