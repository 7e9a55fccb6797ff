/** One page of a list, and where the next one is. */
export interface Page<T> {
  items: readonly T[]
  next: string | undefined
  total?: number | undefined
}

export type ReadPage<T> = (next: string | undefined, signal: AbortSignal) => Promise<Page<T>>

/** What a list has and what it is doing: everything a screen needs to say so. */
export interface Snapshot<T> {
  state: 'idle' | 'loading' | 'ready' | 'failed'
  items: readonly T[]
  next: string | undefined
  total: number | undefined
  error: unknown
}

/** A list that is read page by page until it is stopped; after that it says nothing more. */
export interface Collection<T> {
  snapshot(): Snapshot<T>
  subscribe(listener: () => void): () => void
  /** Begins to read, once. */
  start(): void
  /** Reads the next page; after a failure, the page that failed. */
  more(): void
  /** Reads again from the beginning and shows what was there until the new is complete. */
  reload(): void
  /** Puts an item in front: what the user has just written. */
  add(item: T): void
  stop(): void
}

const empty = { state: 'idle', items: [], next: undefined, total: undefined, error: undefined } as const

interface Reading<T> {
  current: Snapshot<T>
  readonly listeners: Set<() => void>
  abort: AbortController
}

const publish = <T>(reading: Reading<T>, change: Partial<Snapshot<T>>): void => {
  reading.current = { ...reading.current, ...change }
  for (const listener of reading.listeners) listener()
}

const appended = <T>(before: readonly T[], page: Page<T>) => ({
  items: [...before, ...page.items],
  next: page.next,
  total: page.total,
})

const step = async <T>(
  reading: Reading<T>,
  read: ReadPage<T>,
  everything: boolean,
  fresh: boolean,
): Promise<void> => {
  const { signal } = reading.abort
  let gathered = fresh ? { items: [] as readonly T[], next: undefined, total: undefined } : reading.current
  publish(reading, { state: 'loading', error: undefined })
  try {
    do {
      const page = await read(gathered.next, signal)
      if (signal.aborted) return
      gathered = { ...gathered, ...appended(gathered.items, page) } as Snapshot<T>
      const known = Math.max(gathered.items.length, fresh ? reading.current.items.length : 0)
      if (!page.next || known === gathered.items.length)
        publish(reading, appended([], { ...page, ...gathered }))
    } while (everything && gathered.next)
    publish(reading, { state: 'ready' })
  } catch (error) {
    if (!signal.aborted) publish(reading, { state: 'failed', error })
  }
}

/** Returns a list that reads its pages with `read`, one at a time or, with `everything`, all of them. */
export const collect = <T>(read: ReadPage<T>, everything = false): Collection<T> => {
  const reading: Reading<T> = { current: empty, listeners: new Set(), abort: new AbortController() }
  const run = (fresh: boolean): void => {
    void step(reading, read, everything, fresh)
  }
  return {
    snapshot: () => reading.current,
    subscribe: (listener) => {
      reading.listeners.add(listener)
      return () => reading.listeners.delete(listener)
    },
    start: () => {
      if (reading.current.state === 'idle') run(true)
    },
    more: () => {
      if (reading.current.state !== 'loading') run(reading.current.next === undefined)
    },
    reload: () => {
      reading.abort.abort()
      reading.abort = new AbortController()
      run(true)
    },
    add: (item) => publish(reading, { items: [item, ...reading.current.items] }),
    stop: () => {
      reading.abort.abort()
      reading.listeners.clear()
    },
  }
}
