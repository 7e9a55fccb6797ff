import type { Chance } from '../chance.ts'
import type { WireItem } from './wire.ts'

/** An item's state before its last write, until reads that may be stale show the write. */
interface Previous {
  item: WireItem | undefined
  /** The time until which indexes show that state, by the monotonic clock. */
  indexes: number
  /** The time until which reads of the table may show that state. */
  reads: number
}

/** The writes that indexes and reads without `ConsistentRead` do not show yet. */
export interface Lag {
  /** Returns when the next write is shown, or undefined when it is shown at once. */
  draw(indexed: boolean): Delay | undefined
  /** Remembers an item's state before a write; a later write's state replaces it. Returns the function that takes it back. */
  hide(name: string, before: WireItem | undefined, delay: Delay): () => void
  /** Returns an item's state before its last write while the indexes still show it. */
  inIndexes(name: string): Pick<Previous, 'item'> | undefined
  /** Returns an item's state before its last write while a read may show it, for every second read or so. */
  inReads(name: string): Pick<Previous, 'item'> | undefined
  /** Returns when indexes and reads show every write made so far. */
  settled(): Promise<void>
}

/** The time by which a write is late, in milliseconds. */
export interface Delay {
  indexes: number
  reads: number
}

/** The behaviours that make a write late. */
interface Lateness {
  indexLag: number
  staleReads: number
}

/** The longest time for which a read that is not consistent shows the state before a write, in milliseconds. */
const longestStale = 100

/** Returns a lag that is drawn for each write. */
export const createLag = (chance: Chance, lateness: () => Lateness): Lag => {
  const late = new Map<string, Previous>()
  const lasts = ({ indexes, reads }: Previous): boolean => Math.max(indexes, reads) > performance.now()
  const stillLate = (name: string, part: 'indexes' | 'reads'): Previous | undefined => {
    const previous = late.get(name)
    return previous && previous[part] > performance.now() ? previous : undefined
  }
  return {
    draw: (indexed) => {
      const { indexLag, staleReads } = lateness()
      const indexes = indexed ? indexLag * chance.next() : 0
      const reads = chance.happens(staleReads) ? longestStale * (1 - chance.next()) : 0
      return indexes + reads > 0 ? { indexes, reads } : undefined
    },
    hide: (name, item, { indexes, reads }) => {
      const now = performance.now()
      const replaced = late.get(name)
      const previous = { item, indexes: now + indexes, reads: now + reads }
      const forget = () => late.get(name) === previous && late.delete(name)
      late.set(name, previous)
      setTimeout(forget, Math.max(indexes, reads) + 1).unref()
      return () => {
        if (forget() && replaced && lasts(replaced)) late.set(name, replaced)
      }
    },
    inIndexes: (name) => stillLate(name, 'indexes'),
    inReads: (name) => {
      const previous = stillLate(name, 'reads')
      return previous && chance.happens(0.5) ? previous : undefined
    },
    settled: async () => {
      while ([...late.values()].some(lasts)) await new Promise((resolve) => setTimeout(resolve, 2))
    },
  }
}
