import { transactionKey } from '../keys.ts'
import { newRandomId } from '../write-ids.ts'
import { readAll } from './batch.ts'
import type { State } from './items.ts'
import { getParams, recordParams } from './params.ts'
import { errorName, getItem, putItem, type Session } from './session.ts'

/** A transaction's record in the `system` table. */
interface TransactionRecord {
  pk: string
  state: 'committed' | 'aborted'
  /** Whether there is a journal to carry out, and whether that is done. */
  journal?: boolean
  done?: boolean
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

/** Notes for the whole process how a transaction has ended; that never changes. */
export const remember = ({ memory, tenant }: Session, txn: string, state: State): State => {
  if (memory.states.size >= mostRemembered) memory.states.clear()
  if (state === 'committed' || state === 'aborted') memory.states.set(`${tenant}|${txn}`, state)
  return state
}

/** Returns how a transaction has ended, if this process knows. */
export const recalled = ({ memory, tenant }: Session, txn: string): State | undefined =>
  memory.states.get(`${tenant}|${txn}`)

const stateIn = (record: TransactionRecord | undefined): State => {
  if (!record) return 'pending'
  return record.state === 'committed' && record.journal && !record.done ? 'unfinished' : record.state
}

/** Returns what became of each transaction. */
export const statesOf = async (session: Session, txns: readonly string[]): Promise<Map<string, State>> => {
  const states = new Map(txns.map((txn) => [txn, recalled(session, txn)]))
  const unknown = txns.filter((txn) => !states.get(txn))
  const keys = unknown.map((txn) => transactionKey(session.tenant, txn))
  const records = keys.length ? await readAll<TransactionRecord>(session, session.tables.system, keys) : []
  const found = new Map(records.map((record) => [record.pk, record]))
  for (const [at, txn] of unknown.entries()) {
    states.set(txn, remember(session, txn, stateIn(found.get(keys[at]?.pk ?? ''))))
  }
  return new Map([...states].map(([txn, state]) => [txn, state ?? 'pending']))
}

/** Returns what a transaction's record says. */
export const recordedState = async (session: Session, txn: string): Promise<State> => {
  const key = transactionKey(session.tenant, txn)
  const { Item } = await getItem(session, getParams(session.tables.system, key))
  return remember(session, txn, stateIn(Item as TransactionRecord | undefined))
}

/** Ends a transaction as committed or aborted and returns how it has ended: whoever came first decides. */
export const end = async (
  session: Session,
  txn: string,
  state: 'committed' | 'aborted',
  journal = false,
): Promise<State> => {
  const key = transactionKey(session.tenant, txn)
  const more = state === 'aborted' ? { ttl: expiry(session) } : { ...(journal && { journal }) }
  try {
    await putItem(session, recordParams(session.tables.system, key, { state, ...more }))
    return remember(session, txn, journal ? 'unfinished' : state)
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
    return recordedState(session, txn)
  }
}
