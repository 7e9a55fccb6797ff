import type { Store } from '../store/port.ts'

/** How much one request may read. */
export interface Limits {
  /** Index entries. */
  readonly entries: number
  /** Resources, to be judged. */
  readonly resources: number
}

/** What a page may cost at the most before it is returned short. */
export const pageLimits: Limits = { entries: 20_000, resources: 3000 }

/** What counting, sorting and following links may cost before the search is refused. */
export const wholeLimits: Limits = { entries: 60_000, resources: 20_000 }

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
