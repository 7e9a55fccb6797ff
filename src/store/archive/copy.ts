import type { Bucket } from '../objects/bucket.ts'
import { inParallel } from '../parallel.ts'

const copiedAtOnce = 16

/** Every object of the archive: versions of resources, posted Bundles, and notes of what was purged. */
const archiveFolder = 'archive/'

/**
 * Copies the archive of one bucket into another, byte for byte; returns the number of objects. Fails if an object cannot
 * be read or written; it may be started again.
 */
export const copyArchive = async (bucket: Bucket, from: string, to: string): Promise<number> => {
  let count = 0
  let after: string | undefined
  do {
    const { keys, more } = await bucket.keys(from, archiveFolder, after)
    await inParallel(copiedAtOnce, keys, async (key) => bucket.put(to, key, await bucket.get(from, key)))
    count += keys.length
    after = more ? keys.at(-1) : undefined
  } while (after !== undefined)
  return count
}
