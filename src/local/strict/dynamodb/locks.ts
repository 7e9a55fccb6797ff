/** Items on which writes are under way: one transaction, or any number of plain writes. */
export interface Locks {
  /** Returns the names that another transaction holds; locks all of them where there are none. */
  transaction(names: readonly string[]): Promise<string[]>
  /** Returns whether no transaction holds the item; if so a plain write of it is under way until `release`. */
  plain(name: string): boolean
  release(names: readonly string[]): void
}

interface Holder {
  transaction: boolean
  count: number
  free: Promise<void>
  end(): void
}

export const createLocks = (): Locks => {
  const holders = new Map<string, Holder>()

  const held = (transaction: boolean): Holder => {
    const { promise, resolve } = Promise.withResolvers<void>()
    return { transaction, count: 1, free: promise, end: resolve }
  }

  const transaction = async (names: readonly string[]): Promise<string[]> => {
    for (;;) {
      const taken = names.filter((name) => holders.get(name)?.transaction)
      if (taken.length > 0) return taken
      const writes = names.flatMap((name) => holders.get(name)?.free ?? [])
      if (writes.length === 0) break
      await Promise.all(writes)
    }
    for (const name of names) holders.set(name, held(true))
    return []
  }

  const plain = (name: string): boolean => {
    const holder = holders.get(name)
    if (holder?.transaction) return false
    if (holder) holder.count++
    else holders.set(name, held(false))
    return true
  }

  const release = (names: readonly string[]): void => {
    for (const name of names) {
      const holder = holders.get(name)
      if (!holder || --holder.count > 0) continue
      holders.delete(name)
      holder.end()
    }
  }

  return { transaction, plain, release }
}
