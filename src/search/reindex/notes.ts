/** The notes of a reindexing: its progress, kept between pieces and taken over by the next worker. */

import type { Store } from '../../store/port.ts'

/** A walk through a type's resources, for all tasks that were ready when the walk began. */
export interface Pass {
  type: string
  lists: string[]
  shard: number
  after?: string
}

/** The notes that are kept between pieces. */
export interface ReindexNotes {
  /** The worker, and the instant until which it works alone, in milliseconds since 1970. */
  holder?: string | undefined
  until?: number | undefined
  pass?: Pass | undefined
  /** The last upgrade that was met, and the instant of the meeting. */
  met?: { walk: string; at: number } | undefined
  /** The finished walks, as `list type`. */
  walked: string[]
  /** The number of walked resources, by list. */
  counts: Record<string, number>
}

/** The name of the progress under which the notes are kept. */
export const notesName = 'reindex'

/** A worker: its store, clock and name. */
export interface Worker {
  store: Store
  now: () => number
  /** The worker's name; workers with different names exclude each other. */
  holder: string
}

const reindexLease = 60_000

/** Returns the notes in a progress text; an empty text means that there are none yet. */
export const readNotes = (text: string): ReindexNotes =>
  text === '' ? { walked: [], counts: {} } : JSON.parse(text)

/** Thrown if a second worker has taken over. */
export class Overtaken extends Error {}

/** Opens the notes for a piece of work; keeping them throws `Overtaken` if a second worker has taken over. */
export const openNotes = async ({ store, now, holder }: Worker) => {
  let { v, text } = await store.progress(notesName)
  let kept = readNotes(text)
  return {
    isTaken: () => kept.holder !== undefined && kept.holder !== holder && (kept.until ?? 0) > now(),
    kept: () => kept,
    keep: async (change: Partial<ReindexNotes>): Promise<void> => {
      const next = { ...kept, holder, until: now() + reindexLease, ...change }
      v++
      text = JSON.stringify(next)
      if (!(await store.keepProgress(notesName, { v, text }))) throw new Overtaken()
      kept = next
    },
  }
}

export type OpenNotes = Awaited<ReturnType<typeof openNotes>>
