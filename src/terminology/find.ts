/** Conformance resources by their canonical address, https://hl7.org/fhir/R4/references.html#canonical */

import type { Resource } from '../fhir/definitions.ts'
import { parseCanonical } from '../fhir/references.ts'
import { findMatching } from '../search/search.ts'
import type { Store, Version } from '../store/port.ts'

/** A stored resource, parsed, with the id of the write that made it this. */
export interface Found {
  resource: Resource
  id: string
  w: string
  t: string
}

/** More pieces of one code system than anybody has made. */
const most = 2000

/** A version never changes, so what was parsed once stays right; the oldest make room. */
const parsed = new Map<string, { resource: Resource; size: number }>()
const room = 50_000_000
let held = 0

const parse = ({ type, id, v, w, text }: Version): Resource => {
  const key = `${type}/${id}/${v}/${w}`
  const known = parsed.get(key)
  if (known) return known.resource
  const resource = JSON.parse(text) as Resource
  parsed.set(key, { resource, size: text.length })
  held += text.length
  for (const [oldest, { size }] of parsed) {
    if (held <= room) break
    parsed.delete(oldest)
    held -= size
  }
  return resource
}

const escaped = (text: string): string => text.replace(/[\\,$|]/g, '\\$&')

/** Returns the stored resources of a type that a parameter leads to by an address: the oldest version first. */
export const foundBy = async (
  store: Store,
  type: string,
  parameter: 'url' | 'supplements',
  url: string,
): Promise<Found[]> => {
  const versions = await findMatching(type, [[parameter, escaped(url)]], { store, base: '' }, most)
  const found = versions.map((version) => ({
    resource: parse(version),
    id: version.id,
    w: version.w,
    t: version.t,
  }))
  return found.sort((a, b) => byVersion(versionOf(a.resource), versionOf(b.resource)) || (a.t < b.t ? -1 : 1))
}

/** Returns the business version of a conformance resource. */
export const versionOf = (resource: object): string | undefined =>
  'version' in resource && typeof resource.version === 'string' ? resource.version : undefined

const natural = new Intl.Collator('en', { numeric: true })

/** Orders versions as people do: 2.10 after 2.9, and none before any. */
export const byVersion = (a: string | undefined, b: string | undefined): number =>
  a === undefined || b === undefined
    ? Number(a !== undefined) - Number(b !== undefined)
    : natural.compare(a, b)

/** Returns the stored resource of that type and address: of the version that `url|version` names, else the newest. */
export const heldByUrl = async (
  store: Store,
  type: string,
  canonical: string,
): Promise<Resource | undefined> => {
  const { url, version } = parseCanonical(canonical)
  const found = await foundBy(store, type, 'url', url)
  return found.findLast(({ resource }) => version === undefined || versionOf(resource) === version)?.resource
}
