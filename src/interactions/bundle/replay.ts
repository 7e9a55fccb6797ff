/** A history Bundle, repeated on this server: https://hl7.org/fhir/R4/http.html#other-bundles */

import type { Resource } from '../../fhir/definitions.ts'
import { type Json, objectOrEmpty } from '../../fhir/json/object.ts'
import { error, type Issue } from '../../outcome/failure.ts'
import { type Body, isResource } from '../../request/body.ts'
import { type BundleEntry, type EntryRead, readEntries } from '../../write/request/entries.ts'

const historyEntriesIn = ({ entry }: Resource): Json[] =>
  Array.isArray(entry) ? entry.map(objectOrEmpty) : []

/** Returns an entry as a change without the original conditions; a created resource keeps its id. */
const changeIn = (entry: Json): Json => {
  const { resource } = entry
  const { method, url } = objectOrEmpty(entry.request)
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

const checkedEntry = (read: EntryRead): EntryRead => {
  const issues = read.entry ? wrongWith(read.entry) : []
  return issues.length > 0 ? { entry: undefined, issues } : read
}

/**
 * Returns the entries of a history as the changes that lead to their versions; `wrong` has the issues of malformed
 * entries by position.
 */
export const readChanges = (
  { resource, text }: Body,
  base: string,
  wrong: ReadonlyMap<number, Issue[]>,
): EntryRead[] => {
  const changes = { ...resource, entry: historyEntriesIn(resource).map(changeIn) }
  return readEntries({ resource: changes, text }, base, wrong).map(checkedEntry)
}

const timeOf = ({ resource, response }: Json): string =>
  String(
    objectOrEmpty(response).lastModified ?? objectOrEmpty(objectOrEmpty(resource).meta).lastUpdated ?? '',
  )

/**
 * Returns the positions of the entries from the oldest to the newest; among entries of the same instant the last is the
 * oldest.
 */
export const oldestFirst = (history: Resource): number[] =>
  historyEntriesIn(history)
    .map((entry, position) => ({ position, time: Date.parse(timeOf(entry)) || 0 }))
    .sort((a, b) => a.time - b.time || b.position - a.position)
    .map(({ position }) => position)
