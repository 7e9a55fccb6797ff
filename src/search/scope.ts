import type { Store } from '../store/port.ts'

/** How much one request may read, and from where on it reads in another way. */
export interface Limits {
  /** Index entries that may be read. */
  readonly entries: number
  /** Resources that may be read to be judged. */
  readonly resources: number
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
  sorted: 5000,
  short: 200,
  gathered: 1000,
  characters: 9_000_000,
  items: [25, 500],
}

/** What counting, sorting and following links may cost before the search is refused. */
export const wholeLimits: Limits = { ...pageLimits, entries: 60_000, resources: 20_000 }

/** One reading of the store: what it works with and what it has used. */
export interface Scope {
  readonly store: Store
  /** When the request began, in milliseconds. */
  readonly started: number
  readonly limits: Limits
  readonly use: Use
}

export interface Use {
  entries: number
  resources: number
  matches: number
  /** Something was met that may be changing. */
  unsettled: boolean
  readonly lists: string[]
}

/** Returns a scope that has used nothing yet. */
export const newScope = (store: Store, started: number, limits: Limits): Scope => ({
  store,
  started,
  limits,
  use: { entries: 0, resources: 0, matches: 0, unsettled: false, lists: [] },
})

/** Adds what another reading used. */
export const addUse = (to: Use, from: Use): void => {
  to.entries += from.entries
  to.resources += from.resources
  to.unsettled ||= from.unsettled
  to.lists.push(...from.lists)
}
