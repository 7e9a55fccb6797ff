import type { FindCodes } from '../search/links/codes.ts'
import type { Reader } from '../store/reader.ts'

/** Returns the function by which searches find codes; terminology is loaded with its first call. */
export const findCodesLater =
  (store: Reader, base: string): FindCodes =>
  async (modifier, value) =>
    (await import('./find-codes.ts')).codesFinder(store, base)(modifier, value)
