/** The notes of a reindexing: how far the work has come, kept between two pieces and taken over by whoever carries on. */

import type { Store } from '../../store/port.ts'

/** One walk through a type's resources, for all definitions that were to be carried out when it began. */
export interface Pass {
  type: string
  lists: string[]
  shard: number
  after?: string
}

/** What is kept between two pieces. */
export interface Kept {
  /** Who works on it, and until when nobody else does, in milliseconds since 1970. */
  holder?: string | undefined
  until?: number | undefined
  pass?: Pass | undefined
  /** Which upgrade was met, and when. */
  met?: { walk: string; at: number } | undefined
  /** `list type` of every walk that is done. */
  walked: string[]
  /** How many resources were looked through, by list. */
  counts: Record<string, number>
}

/** The name of the progress under which the notes are kept. */
export const notesName = 'reindex'

/** Whoever keeps notes: the store, the clock and its own name. */
export interface Worker {
  store: Store
  now: () => number
  /** Who works: nobody else does at the same time. */
  holder: string
}

const lease = 60_000

/** Returns the notes that a progress holds; an empty text holds none. */
export const readNotes = (text: string): Kept => (text === '' ? { walked: [], counts: {} } : JSON.parse(text))

/** Thrown where another has taken over meanwhile. */
export class Overtaken extends Error {}

/** The notes of one piece of work; keeping them fails where somebody else has begun to. */
export const openNotes = async ({ store, now, holder }: Worker) => {
  let { v, text } = await store.progress(notesName)
  let kept = readNotes(text)
  return {
    isTaken: () => kept.holder !== undefined && kept.holder !== holder && (kept.until ?? 0) > now(),
    kept: () => kept,
    keep: async (change: Partial<Kept>): Promise<void> => {
      const next = { ...kept, holder, until: now() + lease, ...change }
      v++
      text = JSON.stringify(next)
      if (!(await store.keepProgress(notesName, { v, text }))) throw new Overtaken()
      kept = next
    },
  }
}

export type Notes = Awaited<ReturnType<typeof openNotes>>
