import { isBelow } from '../../store/keys.ts'
import type { Candidate } from '../../store/port.ts'
import type { Context } from './context.ts'
import { entryName, isCovered, type KeptPage, type Memory } from './memory.ts'

/** An index entry that was put since a page was read, and that page. */
export interface Late {
  readonly page: KeptPage
  readonly list: string
  readonly candidate: Candidate
}

/** So many items may have come into a page for it still to be one call. */
const slack = 50
const longestPage = 1000

const isBeyond = ({ range, after }: KeptPage, at: string): boolean =>
  after !== undefined && (range.reverse ? !isBelow(after, at) : !isBelow(at, after))

const rereadPage = async (context: Context, memory: Memory, page: KeptPage): Promise<Late[]> => {
  const { range } = page
  const limit = Math.min(range.limit + slack, longestPage)
  const found: Late[] = []
  let after = range.after
  do {
    const next = await context.page({ ...range, limit, ...(after !== undefined && { after }) })
    for (const candidate of next.candidates) {
      const late = { page, list: range.list, candidate }
      if (isCovered(page, candidate) && !memory.entries.has(entryName(late))) found.push(late)
    }
    after = next.after
  } while (after !== undefined && !isBeyond(page, after))
  return found
}

/** Reads once more all of the index that a stage has read; returns the entries that are new. */
export const reread = async (context: Context, memory: Memory): Promise<Late[]> =>
  (await Promise.all([...memory.pages.values()].map((page) => rereadPage(context, memory, page)))).flat()
