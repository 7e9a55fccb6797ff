import { isBelow } from '../../store/keys.ts'
import type { Candidate } from '../../store/port.ts'
import type { ReadingContext } from './context.ts'
import { entryName, isCovered, type KeptPage, type StageMemory } from './memory.ts'

/** An index entry that was put after a page was read, and the page. */
export interface LateEntry {
  readonly page: KeptPage
  readonly list: string
  readonly candidate: Candidate
}

/** The entries that may have been added to a page for a repeated read to need only a single call. */
const slack = 50
const longestReread = 1000

const isBeyond = ({ range, after }: KeptPage, at: string): boolean =>
  after !== undefined && (range.reverse ? !isBelow(after, at) : !isBelow(at, after))

const rereadPage = async (
  context: ReadingContext,
  memory: StageMemory,
  page: KeptPage,
): Promise<LateEntry[]> => {
  const { range } = page
  const limit = Math.min(range.limit + slack, longestReread)
  const found: LateEntry[] = []
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

/** Reads all index pages of a stage again; returns the new entries. */
export const reread = async (context: ReadingContext, memory: StageMemory): Promise<LateEntry[]> =>
  (await Promise.all([...memory.pages.values()].map((page) => rereadPage(context, memory, page)))).flat()
