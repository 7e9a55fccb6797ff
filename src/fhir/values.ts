/** The functions that the generated extraction functions call. */

import { innerType } from './contained.ts'
import type { Resource, TypedValue } from './definitions.ts'
import { firstEntry } from './first-entry.ts'
import { parseLink } from './references.ts'

/** Returns the items of a repeating element. */
export const each = <T>(value: T | readonly T[] | undefined): readonly T[] => {
  if (Array.isArray(value)) return value
  return value === undefined || value === null ? [] : [value as T]
}

/** Adds a value that is present. */
export const put = (values: TypedValue[], type: string, value: unknown, system?: string): void => {
  if (value === undefined || value === null) return
  values.push(system === undefined ? { type, value } : { type, value, system })
}

type ResourceMembers = Readonly<Record<string, unknown>>

/** Returns the extractor of a resource's member. */
export const at =
  (type: string, name: string, system?: string) =>
  (resource: Resource, values: TypedValue[]): void => {
    for (const value of each((resource as unknown as ResourceMembers)[name])) put(values, type, value, system)
  }

/** Returns the extractor of a member of each item of a resource's member. */
export const below =
  (type: string, name: string, inner: string, system?: string) =>
  (resource: Resource, values: TypedValue[]): void => {
    for (const item of each((resource as unknown as ResourceMembers)[name]))
      put(values, type, (item as ResourceMembers)[inner], system)
  }

/** Adds the value that the extension carries. */
export const putExtension = (values: TypedValue[], extension: Record<string, unknown>): void => {
  const name = Object.keys(extension).find((key) => key.startsWith('value'))
  if (name) put(values, typeOfChoice(name.slice('value'.length)), extension[name])
}

const primitives = new Set(
  'Base64Binary Boolean Canonical Code Date DateTime Decimal Id Instant Integer Markdown Oid PositiveInt String Time UnsignedInt Uri Url Uuid'.split(
    ' ',
  ),
)

const typeOfChoice = (name: string): string =>
  primitives.has(name) ? name.charAt(0).toLowerCase() + name.slice(1) : name

/** Adds the links to the first entry of a document or a message: by type and id, and by `fullUrl`. */
export const putResource = (values: TypedValue[], bundle: Resource, type: string): void => {
  const first = firstEntry(bundle)
  if (first?.resource.resourceType !== type) return
  const { resourceType, id } = first.resource
  const own = typeof id === 'string' ? `${resourceType}/${id}` : undefined
  const names = new Set([own, first.fullUrl].filter((name) => name !== undefined))
  // An entry without either is there all the same: `:missing` asks.
  if (names.size === 0) put(values, 'Reference', { type: resourceType })
  for (const reference of names) put(values, 'Reference', { reference })
}

/**
 * Returns whether a reference points to a resource of the type: by its text, by its `type` element, or by the type of the
 * contained resource.
 */
export const refersTo = (
  root: Resource,
  reference: Record<string, unknown> | undefined,
  type: string,
): boolean => {
  if (!reference) return false
  const link = typeof reference.reference === 'string' ? parseLink(reference.reference) : undefined
  if (link?.kind === 'contained') return innerType(root, link.id) === type
  if (link && 'type' in link && link.type !== undefined) return link.type === type
  return reference.type === type
}
