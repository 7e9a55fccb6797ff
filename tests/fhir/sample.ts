import { createHash } from 'node:crypto'

const rankOf = (seed: string, name: string): string =>
  createHash('sha256').update(`${seed} ${name}`).digest('hex')

/** Returns so many of the things, by the names they go under: the same for the same seed, all where there are no more. */
export const sampleOf = <Thing>(
  things: readonly Thing[],
  count: number,
  seed: string,
  nameOf: (thing: Thing) => string = String,
): Thing[] =>
  things
    .map((thing) => ({ thing, rank: rankOf(seed, nameOf(thing)) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, count)
    .map(({ thing }) => thing)
