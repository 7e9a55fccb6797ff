import type { Resource } from '../fhir/definitions.ts'
import type { Candidate, Version } from '../store/port.ts'
import { matches } from './match.ts'
import type { Query } from './query.ts'
import type { Scope } from './scope.ts'

/** A version with its JSON parsed. */
export interface Read {
  readonly version: Version
  readonly resource: Resource
}

/** Versions younger than the request by this much may be half of a transaction. */
const clockSkew = 2000

/** Returns the current version of each key that exists, and notes where the set may still be changing. */
export const readVersions = async (
  scope: Scope,
  keys: readonly { type: string; id: string; w?: string }[],
): Promise<(Read | undefined)[]> => {
  scope.use.resources += keys.length
  const versions = keys.length > 0 ? await scope.store.get(keys) : []
  return versions.map((version) => {
    if (version && Date.parse(version.t) > scope.started - clockSkew) scope.use.unsettled = true
    return version && !version.deleted ? { version, resource: parsed(version) } : undefined
  })
}

const parsed = ({ text }: Version): Resource => JSON.parse(text) as Resource

/** Returns, for each candidate, the resource where it is a match; the index said where, the resource says whether. */
export const judge = async (
  scope: Scope,
  query: Query,
  candidates: readonly Candidate[],
): Promise<(Read | undefined)[]> => {
  const reads = await readVersions(
    scope,
    candidates.map(({ id, w }) => ({ type: query.type, id, w })),
  )
  const there = reads.filter((read) => read !== undefined)
  const followed = await scope.follow(scope, query, there)
  return reads.map((read, i) => {
    if (isStale(read, candidates[i])) scope.use.unsettled = true
    return read && matches(followed, read.resource) ? read : undefined
  })
}

/** A candidate that was named rather than found carries no write id. */
const isStale = (read: Read | undefined, candidate: Candidate | undefined): boolean =>
  candidate?.w !== '' && read?.version.w !== candidate?.w
