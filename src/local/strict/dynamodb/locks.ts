/** Items that are being written, either by a transaction or by any number of plain writes. */
export interface Locks {
  /**
   * Returns the names locked by another transaction; locks all `names` when that list is empty. Waits for plain writes to
   * end.
   */
  transaction(names: readonly string[]): Promise<string[]>
  /**
   * Registers a plain write of the item until `release` and returns true; returns false when a transaction has locked the
   * item.
   */
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
