/** The first entry of a document or a message, https://hl7.org/fhir/R4/bundle.html#search */

import type { Resource } from './definitions.ts'
import { isObject } from './json/object.ts'

/** The resource type that the first entry must have, by the Bundle's type: `bdl-11` and `bdl-12`. */
const firstTypes = new Map<unknown, string>([
  ['document', 'Composition'],
  ['message', 'MessageHeader'],
])

export interface FirstEntry {
  resource: Resource
  fullUrl?: string
}

/**
 * Adds the type of the entry to each link by `urn:`, since many search parameters ask for the target's type and a urn
 * does not show the type.
 */
const withTypes = (value: unknown, types: ReadonlyMap<string, string>): unknown => {
  if (Array.isArray(value)) return value.map((each) => withTypes(each, types))
  if (!isObject(value)) return value
  const type = typeof value.reference === 'string' && value.type === undefined && types.get(value.reference)
  const members = Object.entries(value).map(([name, each]) => [name, withTypes(each, types)])
  return { ...Object.fromEntries(members), ...(type && { type }) }
}

const typesByUrn = (entries: readonly unknown[]): ReadonlyMap<string, string> =>
  new Map(
    entries.filter(isObject).flatMap(({ fullUrl, resource }): [string, string][] => {
      const type = isObject(resource) ? resource.resourceType : undefined
      return typeof fullUrl === 'string' && /^urn:/i.test(fullUrl) && typeof type === 'string'
        ? [[fullUrl, type]]
        : []
    }),
  )

const readFirstEntry = new WeakMap<Resource, FirstEntry | 'none'>()

/** Returns the Composition of a document or the MessageHeader of a message; undefined for a Bundle of another type. */
export const firstEntry = (bundle: Resource): FirstEntry | undefined => {
  const known = readFirstEntry.get(bundle) ?? readFirst(bundle) ?? 'none'
  readFirstEntry.set(bundle, known)
  return known === 'none' ? undefined : known
}

const readFirst = ({ type, entry }: Resource): FirstEntry | undefined => {
  const expected = firstTypes.get(type)
  const first: unknown = Array.isArray(entry) ? entry[0] : undefined
  if (expected === undefined || !isObject(first) || !isObject(first.resource)) return undefined
  const { resource, fullUrl } = first
  if (resource.resourceType !== expected) return undefined
  const types = typesByUrn(entry as unknown[])
  const typed = (types.size > 0 ? withTypes(resource, types) : resource) as Resource
  return { resource: typed, ...(typeof fullUrl === 'string' && { fullUrl }) }
}
