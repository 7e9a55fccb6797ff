import { containerAt, containerOf, innerResources } from '../../fhir/contained.ts'
import type { Resource } from '../../fhir/definitions.ts'
import type { Candidate, Version } from '../../store/port.ts'
import { isInner, type Query } from '../query.ts'
import type { Read, Scope } from '../scope.ts'
import { candidateOf, matchesQuery } from './match.ts'

/** Returns the current version for each key; undefined for a missing or deleted resource. */
export const readVersions = async (
  scope: Scope,
  keys: readonly { type: string; id: string; w?: string }[],
): Promise<(Read | undefined)[]> => {
  scope.use.resources += keys.length
  const versions = keys.length > 0 ? await scope.store.get(keys) : []
  const known = new Map<Version, Read>()
  return versions.map((version) => {
    if (!version || version.deleted) return undefined
    const read = known.get(version) ?? { version, resource: JSON.parse(version.text) as Resource }
    known.set(version, read)
    return read
  })
}

/** Returns the candidate of a resource that is named rather than found in the index. */
export const namedCandidate = (id: string): Candidate => ({ id, order: '', w: '', since: 0 })

/** Returns, for each candidate, its resource if the resource matches: the index finds candidates, the resource decides. */
export const matchCandidates = async (
  scope: Scope,
  query: Query,
  candidates: readonly Candidate[],
): Promise<(Read | undefined)[]> => {
  const keys = candidates.map(({ id, w }) => ({ ...(containerAt(id) ?? { type: query.type, id }), w }))
  const reads = await readVersions(scope, keys)
  const there = [...new Set(reads)].filter((read) => read !== undefined)
  const found = isInner(query)
    ? await matchesInside(scope, query, there, new Set(candidates.map(({ id }) => id)))
    : await matchingReads(scope, query, there)
  const byName = new Map(found.map((read) => [candidateOf(read.resource), read]))
  return candidates.map(({ id }) => byName.get(id))
}

const matchingReads = async (scope: Scope, query: Query, reads: readonly Read[]): Promise<Read[]> => {
  const followed = await scope.follow(scope, query, reads)
  return reads.filter(({ resource }) => matchesQuery(followed, resource))
}

/**
 * Returns the matching contained resources among the named candidates. If containers are returned instead, each match has
 * all matching resources of its container.
 */
const matchesInside = async (
  scope: Scope,
  query: Query,
  containers: readonly Read[],
  named: ReadonlySet<string>,
): Promise<Read[]> => {
  const inner = containers.flatMap(({ version, resource }) =>
    innerResources(resource)
      .filter(({ resourceType }) => resourceType === query.type)
      .map((each): Read => ({ version, resource: each })),
  )
  if (query.containedType === 'contained')
    return matchingReads(
      scope,
      query,
      inner.filter(({ resource }) => named.has(candidateOf(resource))),
    )
  const alongside = query.besides ? containers.filter(({ version }) => version.type === query.type) : []
  const found = await matchingReads(scope, query, [...alongside, ...inner])
  const whole = new Set(found.flatMap(({ resource }) => (containerOf(resource) ? [] : [resource])))
  const left = found.filter(({ resource }) => {
    const container = containerOf(resource)
    return container !== undefined && !whole.has(container)
  })
  return [...Map.groupBy(left, ({ version }) => version).values()].flatMap((reads) => {
    const all = reads.map(({ resource }) => resource)
    return reads.map((read) => ({ ...read, matching: all }))
  })
}
