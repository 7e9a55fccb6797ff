import type { Resource } from '../fhir/definitions.ts'
import type { Version } from '../store/port.ts'
import type { Query } from './query.ts'
import type { StageReader } from './reading/memory.ts'
import type { Stages } from './reading/stages.ts'

/** A version with its JSON parsed. */
export interface Read {
  readonly version: Version
  /** The resource of the version, or one inside it. */
  readonly resource: Resource
  /** Where what it is inside of is told instead: all that matches inside of that. */
  readonly matching?: readonly Resource[]
}

/** How much one request may read, and from where on it reads in another way. */
export interface Limits {
  /** Index entries that may be read. */
  readonly entries: number
  /** Resources that may be read to be judged. */
  readonly resources: number
  /** Chains that lead over no more resources than this are resolved at once. */
  readonly links: number
  /** Matches that may be sorted here. */
  readonly sorted: number
  /** A list with no more candidates than this is read whole rather than intersected with others. */
  readonly short: number
  /** A range with no more candidates than this is gathered and sorted. */
  readonly gathered: number
  /** Characters of the matches' texts on a page: API Gateway streams 10 MB at full speed, and slowly what comes after. */
  readonly characters: number
  /** Index items on a first page, at the least and at the most. */
  readonly items: readonly [least: number, most: number]
}

/** What a page may cost at the most before it is returned short. */
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

/** What counting and sorting may cost before the search is refused, and what resolving chains may cost beside a page. */
export const wholeLimits: Limits = { ...pageLimits, entries: 60_000, resources: 20_000 }

/** One reading of the store: what it works with and what it has used. */
export interface Scope {
  readonly store: StageReader
  /** When the request began, in milliseconds. */
  readonly started: number
  readonly limits: Limits
  readonly use: Use
  /** Turns the open clauses of a query into what holds for some resources. */
  readonly follow: Follow
  readonly newFollow: () => Follow
}

/** Follows the links of resources for the chains that were not resolved beforehand. */
export type Follow = (scope: Scope, query: Query, reads: readonly Read[]) => Promise<Query>

const asItIs: Follow = async (_, query) => query

export interface Use {
  entries: number
  resources: number
  matches: number
  readonly lists: string[]
}

/** Returns a scope that has used nothing yet. */
export const newScope = (
  store: StageReader,
  started: number,
  limits: Limits,
  newFollow: () => Follow = () => asItIs,
): Scope => ({
  store,
  started,
  limits,
  follow: newFollow(),
  newFollow,
  use: { entries: 0, resources: 0, matches: 0, lists: [] },
})

/** Returns whether a scope has used all that it may. */
export const isOver = ({ use, limits }: Scope): boolean =>
  use.entries >= limits.entries || use.resources >= limits.resources

/** Adds what another reading used. */
export const addUse = (to: Use, from: Use): void => {
  to.entries += from.entries
  to.resources += from.resources
  to.lists.push(...from.lists)
}

/**
 * Runs a part of a search as a stage of its reading. What it uses counts once, however often it is run, and the chains
 * that it follows are followed anew each time.
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
