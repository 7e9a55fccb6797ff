import type { Resource } from '../fhir/definitions.ts'
import type { Version } from '../store/port.ts'
import type { Query } from './query.ts'
import type { StageReader } from './reading/memory.ts'
import type { Stages } from './reading/stages.ts'

/** A version with its JSON parsed. */
export interface Read {
  readonly version: Version
  /** The resource of the version, or a resource contained in it. */
  readonly resource: Resource
  /** Set when the container is returned instead of the contained resource: all contained resources in it that matched. */
  readonly matching?: readonly Resource[]
}

/** The limits of a request, and the sizes at which it reads in a different way. */
export interface Limits {
  /** The most index entries to read. */
  readonly entries: number
  /** The most resources to read for matching. */
  readonly resources: number
  /** The most resources that a chain may lead over to be resolved at once. */
  readonly links: number
  /** The most matches to sort. */
  readonly sorted: number
  /** The most candidates of a list that is read whole rather than intersected with other lists. */
  readonly short: number
  /** The most candidates of a range that is gathered and sorted. */
  readonly gathered: number
  /** The most characters of the texts on a page: API Gateway streams 10 MB at full speed, and more than that slowly. */
  readonly characters: number
  /** The least and the most index items on a first page. */
  readonly items: readonly [least: number, most: number]
}

/** The cost at which a page is returned short. */
export const pageLimits: Limits = {
  entries: 20_000,
  resources: 3000,
  links: 500,
  sorted: 5000,
  short: 200,
  gathered: 1000,
  characters: 9_000_000,
  items: [25, 500],
}

/** The cost at which counting and sorting are refused, and the budget for resolving chains beside a page. */
export const wholeLimits: Limits = { ...pageLimits, entries: 60_000, resources: 20_000 }

/** A reading of the store with its limits and its use so far. */
export interface Scope {
  readonly store: StageReader
  /** The beginning of the request, in milliseconds since 1970. */
  readonly started: number
  readonly limits: Limits
  readonly use: Use
  /** Replaces the open clauses of a query for some resources. */
  readonly follow: Follow
  readonly newFollow: () => Follow
}

/** Follows the links of resources for the chains that were not resolved beforehand. */
export type Follow = (scope: Scope, query: Query, reads: readonly Read[]) => Promise<Query>

const unfollowed: Follow = async (_, query) => query

export interface Use {
  entries: number
  resources: number
  matches: number
  readonly lists: string[]
}

/** Returns a scope without any use so far. */
export const newScope = (
  store: StageReader,
  started: number,
  limits: Limits,
  newFollow: () => Follow = () => unfollowed,
): Scope => ({
  store,
  started,
  limits,
  follow: newFollow(),
  newFollow,
  use: { entries: 0, resources: 0, matches: 0, lists: [] },
})

/** Returns whether a scope has used up its limits. */
export const isOver = ({ use, limits }: Scope): boolean =>
  use.entries >= limits.entries || use.resources >= limits.resources

/** Adds the use of a second scope. */
export const addUse = (to: Use, from: Use): void => {
  to.entries += from.entries
  to.resources += from.resources
  to.lists.push(...from.lists)
}

/**
 * Runs a part of a search as a stage of its reading. Its use counts once, however often the part is run, and chains are
 * followed anew in each run.
 */
export const inStage = async <T>(
  stages: Stages,
  scope: Scope,
  run: (scope: Scope) => Promise<T>,
): Promise<T> => {
  const { result, use } = await stages.stage(async (store) => {
    const use = { ...scope.use, lists: [...scope.use.lists] }
    return { result: await run({ ...scope, store, use, follow: scope.newFollow() }), use }
  })
  const { lists, ...counts } = use
  Object.assign(scope.use, counts)
  scope.use.lists.splice(0, scope.use.lists.length, ...lists)
  return result
}
