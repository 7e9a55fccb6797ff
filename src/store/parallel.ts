/** Runs the work for each item, at most `limit` at a time, and returns the results in the items' order; fails with the first error. */
export const inParallel = async <In, Out>(
  limit: number,
  items: readonly In[],
  run: (item: In, position: number) => Promise<Out>,
): Promise<Out[]> => {
  const results: Out[] = new Array(items.length)
  const left = items.entries()
  const work = async () => {
    for (const [at, item] of left) results[at] = await run(item, at)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work))
  return results
}

/** Returns the items in runs of at most so many. */
export const inChunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))

/** Resolves after so many milliseconds. */
export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))
