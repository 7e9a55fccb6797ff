import type { FindCodes } from '../search/links/codes.ts'
import type { Store } from '../store/port.ts'

/** Returns what tells a search its codes; terminology is loaded with the first search that asks. */
export const findCodesLater =
  (store: Store, base: string): FindCodes =>
  async (modifier, value) =>
    (await import('./find-codes.ts')).codesFinder(store, base)(modifier, value)
