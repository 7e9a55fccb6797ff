import { useEffect, useSyncExternalStore } from 'react'
import type { Collection, Snapshot } from './collection.ts'

/** Returns what a collection has and does, and begins to read it. */
export const useCollection = <T>(collection: Collection<T>): Snapshot<T> => {
  useEffect(() => collection.start(), [collection])
  return useSyncExternalStore(collection.subscribe, collection.snapshot)
}
