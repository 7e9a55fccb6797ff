/** Canonical addresses, https://hl7.org/fhir/R4/references.html#canonical */

import type { Resource, SearchParameter, TypedValue } from './definitions.ts'
import { linkText, parseCanonical } from './references.ts'

const natural = new Intl.Collator('en', { numeric: true })

/** Compares versions in natural order: 2.10 after 2.9, a missing version before all. */
export const byVersion = (a: string | undefined, b: string | undefined): number =>
  a === undefined || b === undefined
    ? Number(a !== undefined) - Number(b !== undefined)
    : natural.compare(a, b)

/** The element types whose values may be canonical addresses: a resource's own `url` is a uri. */
const canonicalTypes: ReadonlySet<string> = new Set(['canonical', 'uri'])

/** Returns whether a parameter may find canonical addresses; a tenant's own may find anything. */
export const mayBeCanonical = ({ elements, own }: Pick<SearchParameter, 'elements' | 'own'>): boolean =>
  elements?.some((type) => canonicalTypes.has(type)) ?? own !== undefined

const absolute = /^[A-Za-z][A-Za-z0-9+.-]*:/

/** Returns whether a key names a resource by its canonical address rather than by its type and id. */
export const isCanonicalKey = (key: string): boolean => absolute.test(key)

/** Returns the address in a canonical element, `url` or `url|version`; undefined for any link without a scheme. */
export const canonicalKey = (found: TypedValue): string | undefined => {
  const text = canonicalTypes.has(found.type) ? linkText(found) : undefined
  if (text === undefined || !isCanonicalKey(text)) return undefined
  const { url, version } = parseCanonical(text)
  return version === undefined ? url : `${url}|${version}`
}

/** A resource that a canonical address may name, and the time of its last change. */
export interface Addressed {
  readonly resource: Resource
  readonly t: string
}

const textAt = (resource: Resource, member: 'url' | 'version' | 'id'): string | undefined => {
  const value = resource[member]
  return typeof value === 'string' ? value : undefined
}

/** Among resources of the same version the last changed counts. */
const byAge = (a: Addressed, b: Addressed): number =>
  byVersion(textAt(a.resource, 'version'), textAt(b.resource, 'version')) ||
  (a.t === b.t ? Number((a.resource.id ?? '') > (b.resource.id ?? '')) * 2 - 1 : a.t < b.t ? -1 : 1)

/** Returns the resource of a type that `url|version` names: that version, or the newest if the key names no version. */
export const resourceNamedBy = <T extends Addressed>(key: string, all: readonly T[]): T | undefined => {
  const { url, version } = parseCanonical(key)
  return all
    .filter(({ resource }) => textAt(resource, 'url') === url)
    .filter(({ resource }) => version === undefined || textAt(resource, 'version') === version)
    .toSorted(byAge)
    .at(-1)
}

/** Returns the addresses that may name a resource: `url` and `url|version`. */
export const addressesOf = (resource: Resource): readonly string[] => {
  const [url, version] = [textAt(resource, 'url'), textAt(resource, 'version')]
  if (url === undefined || !isCanonicalKey(url)) return []
  return version === undefined ? [url] : [url, `${url}|${version}`]
}
