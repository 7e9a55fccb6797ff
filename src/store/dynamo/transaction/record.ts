import { transactionKey } from '../../keys.ts'
import { newRandomId } from '../../write-ids.ts'
import { readAll } from '../batch.ts'
import type { State } from '../items.ts'
import { getParams, recordParams } from '../params.ts'
import { errorName, getItem, putItem, type Session } from '../session.ts'

/** A transaction's record in the `system` table. */
interface TransactionRecord {
  pk: string
  state: 'committed' | 'aborted'
  /** Whether there is a journal to carry out, and whether that is done. */
  journal?: boolean
  done?: boolean
  /** On a committed one: the attempt that committed it. A lock may serve several; only one of them is committed. */
  attempt?: string
}

const mostRemembered = 10_000
const day = 24 * 3600

/** Returns a new transaction's id. It begins with the instant of its making, so that older ones sort first, more or less. */
export const beginTransaction = ({ clock }: Session): string =>
  `${String(Math.floor(clock.now())).padStart(14, '0')}-${newRandomId()}`

/** Returns the second after which what a named request came to is forgotten, and a lock is nobody's: a week from now. */
export const shortExpiry = ({ clock }: Session): number => Math.floor(clock.now() / 1000) + 7 * day

/** Returns the second after which a record may end: a day later than everything that rests on it, whoever's clock is off. */
export const expiry = ({ clock }: Session): number => Math.floor(clock.now() / 1000) + 8 * day

/** Notes for the whole process how a transaction has ended; that never changes. */
export const remember = ({ memory, tenant }: Session, txn: string, state: State): State => {
  if (memory.states.size >= mostRemembered) memory.states.clear()
  if (state === 'committed' || state === 'aborted') memory.states.set(`${tenant}|${txn}`, state)
  return state
}

/** Returns how a transaction has ended, if this process knows. */
export const rememberedState = ({ memory, tenant }: Session, txn: string): State | undefined =>
  memory.states.get(`${tenant}|${txn}`)

const stateIn = (record: TransactionRecord | undefined): State => {
  if (!record) return 'pending'
  return record.state === 'committed' && record.journal && !record.done ? 'unfinished' : record.state
}

/**
 * Returns what became of each transaction, by its record: one BatchGetItem for those whose end this process does not know,
 * right at any age and whatever the clocks say. `unfinished` is committed, with a journal that `finish` carries out.
 * `pending` means that there is no record. How that is to be read depends on what named the transaction:
 * - something staged (`stagedBy`): it is not committed, since a record outlives everything that is staged under it;
 * - a resource created by it (`by`): it is committed and done, since a record ends only after its journal is done;
 * - an index entry's `w`: nothing is missing. Either it is not committed, or it was done before this was asked.
 */
export const statesOf = async (session: Session, txns: readonly string[]): Promise<Map<string, State>> => {
  const states = new Map(txns.map((txn) => [txn, rememberedState(session, txn)]))
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

/** Ends a transaction that has no record as aborted, and returns how it has ended: whoever came first decides. */
export const abort = async (session: Session, txn: string): Promise<State> => {
  const key = transactionKey(session.tenant, txn)
  try {
    await putItem(
      session,
      recordParams(session.tables.system, key, { state: 'aborted', ttl: expiry(session) }),
    )
    return remember(session, txn, 'aborted')
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
    return recordedState(session, txn)
  }
}

/**
 * Returns how a transaction ended for the attempt that was to commit it: `aborted` too where another attempt under the same
 * hold was committed. An attempt whose own put took effect and was answered to nobody finds itself committed.
 */
export const stateFor = async (session: Session, txn: string, attempt: string): Promise<State> => {
  const key = transactionKey(session.tenant, txn)
  const { Item } = await getItem(session, getParams(session.tables.system, key))
  const record = Item as TransactionRecord | undefined
  if (record?.state === 'committed' && record.attempt !== attempt) return 'aborted'
  return remember(session, txn, stateIn(record))
}

/** Puts the record that commits a transaction, unless it has one, and returns how it has ended for this attempt. */
export const commitRecord = async (
  session: Session,
  txn: string,
  { attempt, journal }: { attempt: string; journal: boolean },
): Promise<State> => {
  const key = transactionKey(session.tenant, txn)
  const ending = { state: 'committed', attempt, ...(journal && { journal }) } as const
  try {
    await putItem(session, recordParams(session.tables.system, key, ending))
    return remember(session, txn, journal ? 'unfinished' : 'committed')
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
    return stateFor(session, txn, attempt)
  }
}
