import type { Chance } from '../chance.ts'

/** Items that the indexes do not show yet. */
export interface Lag {
  /** Hides an item from its table's indexes for a while; this replaces the hiding by an earlier write. */
  hide(name: string): void
  isHidden(name: string): boolean
  /** Returns when the indexes show every write made so far. */
  settled(): Promise<void>
}

/** Returns a lag that is drawn for each write, up to `longest` milliseconds. */
export const createLag = (chance: Chance, longest: () => number): Lag => {
  const until = new Map<string, number>()
  const isHidden = (name: string): boolean => (until.get(name) ?? 0) > performance.now()
  return {
    hide: (name) => {
      const milliseconds = longest() * chance.next()
      if (milliseconds === 0) return
      const shown = performance.now() + milliseconds
      until.set(name, shown)
      setTimeout(() => until.get(name) === shown && until.delete(name), milliseconds + 1).unref()
    },
    isHidden,
    settled: async () => {
      while ([...until.keys()].some(isHidden)) await new Promise((resolve) => setTimeout(resolve, 2))
    },
  }
}
