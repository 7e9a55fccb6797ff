import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InputFailure, standardInput } from './text.ts'

const isLoadable = (name: string): boolean => /\.(json|ndjson|jsonl)(\.gz)?$/i.test(name)

const filesOf = async (word: string): Promise<string[]> => {
  const known = word === standardInput ? undefined : await stat(word).catch(() => undefined)
  if (!known?.isDirectory()) return [word]
  const inside = await readdir(word, { recursive: true })
  const found = inside.filter(isLoadable).sort()
  if (found.length === 0)
    throw new InputFailure(word, 'The folder has no `.json` or `.ndjson` file, gzip or not.')
  return found.map((name) => join(word, name))
}

/** Returns the files that words name: folders stand for the files in them at any depth, and each file comes once. */
export const filesNamed = async (words: readonly string[]): Promise<string[]> => [
  ...new Set((await Promise.all(words.map(filesOf))).flat()),
]
