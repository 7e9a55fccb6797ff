import { globSync, statSync } from 'node:fs'

/** Returns whether every output exists and none is older than any of the inputs; both are globs from the project's root. */
export const isFresh = (root: string, inputs: readonly string[], outputs: readonly string[]): boolean => {
  const made = outputs.map((pattern) => times(root, pattern))
  return (
    made.every((group) => group.length > 0) &&
    Math.min(...made.flat()) >= Math.max(...inputs.flatMap((pattern) => times(root, pattern)))
  )
}

const times = (root: string, pattern: string): number[] =>
  globSync(pattern, { cwd: root }).map((path) => statSync(`${root}/${path}`).mtimeMs)
