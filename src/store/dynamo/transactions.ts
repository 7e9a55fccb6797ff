import { newRandomId, transactionKey } from '../keys.ts'
import { readAll } from './batch.ts'
import type { State } from './items.ts'
import { getParams, recordParams } from './params.ts'
import { errorName, getItem, putItem, type Session } from './session.ts'

/** A transaction's record in the `system` table. */
interface TransactionRecord {
  pk: string
  state: 'committed' | 'aborted'
}

const mostRemembered = 10_000
const week = 7 * 24 * 3600

/** Returns a new transaction's id. It begins with the instant after which others may abort the transaction. */
export const beginTransaction = ({ clock, timing }: Session): string =>
  `${String(Math.floor(clock.now() + timing.lease)).padStart(14, '0')}-${newRandomId()}`

/** Returns whether a transaction has outlived its lease. */
export const isOverdue = ({ clock }: Session, txn: string): boolean => clock.now() > Number(txn.slice(0, 14))

/** Returns the second after which an item is of no use to anybody. */
export const expiry = ({ clock }: Session): number => Math.floor(clock.now() / 1000) + week

const remember = ({ memory, tenant }: Session, txn: string, state: State): State => {
  if (memory.states.size >= mostRemembered) memory.states.clear()
  if (state !== 'pending') memory.states.set(`${tenant}|${txn}`, state)
  return state
}

const recalled = ({ memory, tenant }: Session, txn: string): State | undefined =>
  memory.states.get(`${tenant}|${txn}`)

/** Returns what became of each transaction. */
export const statesOf = async (session: Session, txns: readonly string[]): Promise<Map<string, State>> => {
  const unknown = txns.filter((txn) => !recalled(session, txn))
  const keys = unknown.map((txn) => transactionKey(session.tenant, txn))
  const records = keys.length ? await readAll<TransactionRecord>(session, session.tables.system, keys) : []
  const found = new Map(records.map(({ pk, state }) => [pk, state]))
  for (const [at, txn] of unknown.entries())
    remember(session, txn, found.get(keys[at]?.pk ?? '') ?? 'pending')
  return new Map(txns.map((txn) => [txn, recalled(session, txn) ?? 'pending']))
}

const recordedState = async (session: Session, txn: string): Promise<State> => {
  const key = transactionKey(session.tenant, txn)
  const { Item } = await getItem(session, getParams(session.tables.system, key))
  return (Item as TransactionRecord | undefined)?.state ?? 'pending'
}

/** Ends a transaction as committed or aborted and returns how it has ended: whoever came first decides. */
export const end = async (session: Session, txn: string, state: 'committed' | 'aborted'): Promise<State> => {
  const key = transactionKey(session.tenant, txn)
  const ttl = state === 'aborted' ? expiry(session) : undefined
  try {
    await putItem(session, recordParams(session.tables.system, key, state, ttl))
    return remember(session, txn, state)
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
    return remember(session, txn, await recordedState(session, txn))
  }
}
