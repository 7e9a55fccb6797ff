/** https://hl7.org/fhir/R4/http.html#other-bundles — a history is done again: what stands elsewhere comes to stand here. */

import type { Resource } from '../../fhir/definitions.ts'
import type { Json } from '../../fhir/json/object.ts'
import { error, type Issue } from '../../outcome/failure.ts'
import { type Body, isResource } from '../../request/body.ts'
import { type BundleEntry, type EntryRead, readEntries } from '../../write/request/entries.ts'

const asObject = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}

const entriesOf = ({ entry }: Resource): Json[] => (Array.isArray(entry) ? entry.map(asObject) : [])

/** Under which conditions a version was made is not asked again, and what was created keeps its id. */
const changeIn = (entry: Json): Json => {
  const { resource } = entry
  const { method, url } = asObject(entry.request)
  return {
    ...entry,
    request:
      isResource(resource) && method !== 'DELETE'
        ? { method: 'PUT', url: `${resource.resourceType}/${resource.id}` }
        : { method, url },
  }
}

const wrongWith = ({ method, place, body }: BundleEntry): Issue[] => {
  if (method !== 'PUT' && method !== 'DELETE')
    return [error('required', 'An entry of a history has a `resource`, unless it is a DELETE.', place)]
  return body && body.resource.id === undefined
    ? [error('required', 'The resource needs the `id` that it has in the history.', `${place}.resource.id`)]
    : []
}

const checked = (read: EntryRead): EntryRead => {
  const issues = read.entry ? wrongWith(read.entry) : []
  return issues.length > 0 ? { entry: undefined, issues } : read
}

/** Returns the entries of a history as the changes that lead to their versions; `wrong` knows bad ones by position. */
export const readChanges = (
  { resource, text }: Body,
  base: string,
  wrong: ReadonlyMap<number, Issue[]>,
): EntryRead[] => {
  const changes = { ...resource, entry: entriesOf(resource).map(changeIn) }
  return readEntries({ resource: changes, text }, base, wrong).map(checked)
}

const timeOf = ({ resource, response }: Json): string =>
  String(asObject(response).lastModified ?? asObject(asObject(resource).meta).lastUpdated ?? '')

/** Returns the positions of the entries from the oldest to the newest; of those of one instant the last is the oldest. */
export const oldestFirst = (history: Resource): number[] =>
  entriesOf(history)
    .map((entry, position) => ({ position, time: Date.parse(timeOf(entry)) || 0 }))
    .sort((a, b) => a.time - b.time || b.position - a.position)
    .map(({ position }) => position)
