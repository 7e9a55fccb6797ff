import { failure } from '../../../outcome/failure.ts'
import { type Key, lockKey } from '../../keys.ts'
import type { Lock } from '../../port.ts'
import { executeAll } from '../batch.ts'
import { getParams, lockParams, lockStatement, unlockStatement } from '../params.ts'
import { backOff, errorName, getItem, putItem, type Session } from '../session.ts'
import { finishJournal } from './journal.ts'
import { abort, beginTransaction, shortExpiry, statesOf } from './record.ts'
import { type Budget, mayWait } from './settle.ts'
import { isAbandoned } from './watch.ts'

const locksOf = (tenant: string, names: readonly string[]): Key[] =>
  [...new Map(names.map((name) => lockKey(tenant, name)).map((key) => [key.pk, key])).values()].sort(
    (a, b) => (a.pk < b.pk ? -1 : 1),
  )

const putLock = async (session: Session, key: Key, txn: string, instead?: string): Promise<boolean> => {
  try {
    await putItem(session, lockParams(session.tables.system, key, txn, shortExpiry(session), instead))
    return true
  } catch (error) {
    if (errorName(error) === 'ConditionalCheckFailedException') return false
    throw error
  }
}

const holderOf = async (session: Session, key: Key): Promise<string | undefined> => {
  const { Item } = await getItem(session, getParams(session.tables.system, key))
  return Item?.txn
}

/**
 * Returns whether the holder's transaction has ended. A holder without a sign of life for a lease is fenced off first:
 * its transaction is aborted, so that its lock can be taken.
 */
const hasEnded = async (session: Session, holder: string): Promise<boolean> => {
  const known = (await statesOf(session, [holder])).get(holder) ?? 'pending'
  const ending = known === 'pending' && (await isAbandoned(session, holder))
  const state = ending ? await abort(session, holder) : known
  if (state === 'unfinished') await finishJournal(session, holder)
  return state !== 'pending'
}

const lockContended = () =>
  failure('conflict', 'Another request is under way with the same criteria. Try again in a moment.')

const takeLock = async (session: Session, key: Key, txn: string, budget: Budget): Promise<void> => {
  for (let attempt = 0; ; attempt++) {
    if (await putLock(session, key, txn)) return
    const holder = await holderOf(session, key)
    if (holder === txn) return
    if (
      holder !== undefined &&
      (await hasEnded(session, holder)) &&
      (await putLock(session, key, txn, holder))
    )
      return
    if (!mayWait(session, budget, txn, holder ?? txn)) throw lockContended()
    budget.left -= await backOff(session, attempt)
  }
}

const insertAll = (session: Session, keys: readonly Key[], txn: string): Promise<Key[]> =>
  executeAll(session, keys, (key) => lockStatement(session.tables.system, key, txn, shortExpiry(session)))

/**
 * Locks all the names or none. Of two writers that block each other the older one waits longer; fails with `conflict` if
 * a holder does not finish in time.
 */
export const lock = async (session: Session, names: readonly string[]): Promise<Lock> => {
  const taken: Lock = { txn: beginTransaction(session), names }
  const budget: Budget = { left: session.timing.patience }
  try {
    const contested = await insertAll(session, locksOf(session.tenant, names), taken.txn)
    for (const key of contested) await takeLock(session, key, taken.txn, budget)
    return taken
  } catch (error) {
    await release(session, taken).catch(() => undefined)
    throw error
  }
}

/** Releases the names; names that another writer has taken over stay locked. */
export const release = async (session: Session, { txn, names }: Lock): Promise<void> => {
  await executeAll(session, locksOf(session.tenant, names), (key) =>
    unlockStatement(session.tables.system, key, txn),
  )
}
