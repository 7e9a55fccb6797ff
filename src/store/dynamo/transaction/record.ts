import { transactionKey } from '../../keys.ts'
import { newRandomId } from '../../write-ids.ts'
import { readAll } from '../batch.ts'
import type { TransactionState } from '../items.ts'
import { getParams, recordParams } from '../params.ts'
import { errorName, getItem, putItem, type Session } from '../session.ts'

/** A transaction's record in the `system` table. */
interface TransactionRecord {
  pk: string
  state: 'committed' | 'aborted'
  /** Whether the transaction has a journal, and whether the journal is carried out. */
  journal?: boolean
  done?: boolean
  /** The attempt that committed the transaction. A lock may serve several attempts; at most one is committed. */
  attempt?: string
}

const mostKnownStates = 10_000
const secondsPerDay = 24 * 3600

/**
 * Returns a new transaction's id. The id begins with the instant of its making, so that older transactions mostly sort
 * first.
 */
export const beginTransaction = ({ clock }: Session): string =>
  `${String(Math.floor(clock.now())).padStart(14, '0')}-${newRandomId()}`

/** Returns the second since 1970 after which a kept result and a lock expire: a week from now. */
export const shortExpiry = ({ clock }: Session): number => Math.floor(clock.now() / 1000) + 7 * secondsPerDay

/**
 * Returns the second since 1970 after which a record may expire: a day later than everything that depends on the record,
 * so that a wrong clock does no harm.
 */
export const expiry = ({ clock }: Session): number => Math.floor(clock.now() / 1000) + 8 * secondsPerDay

/** Returns a transaction's state, and notes a final state for the whole process. */
export const rememberState = (
  { memory, tenant }: Session,
  txn: string,
  state: TransactionState,
): TransactionState => {
  if (memory.states.size >= mostKnownStates) memory.states.clear()
  if (state === 'committed' || state === 'aborted') memory.states.set(`${tenant}|${txn}`, state)
  return state
}

/** Returns a transaction's final state if this process knows it. */
export const rememberedState = ({ memory, tenant }: Session, txn: string): TransactionState | undefined =>
  memory.states.get(`${tenant}|${txn}`)

const stateIn = (record: TransactionRecord | undefined): TransactionState => {
  if (!record) return 'pending'
  return record.state === 'committed' && record.journal && !record.done ? 'unfinished' : record.state
}

/**
 * Returns the states of transactions by their records, in a single BatchGetItem for the states that this process does not
 * know: right at any age and by any clock. `unfinished` is committed, with a journal that `finishJournal` carries out.
 * `pending` means that there is no record, and depends on where the transaction's id was found:
 * - on a staged item (`stagedBy`): not committed, since a record outlives everything that is staged under it;
 * - on a resource that it created (`by`): committed and done, since a record expires only after its journal is carried out;
 * - in an index entry's `w`: no resource is missing. The transaction is not committed, or it was done before this read.
 */
export const statesOf = async (
  session: Session,
  txns: readonly string[],
): Promise<Map<string, TransactionState>> => {
  const states = new Map(txns.map((txn) => [txn, rememberedState(session, txn)]))
  const unknown = txns.filter((txn) => !states.get(txn))
  const keys = unknown.map((txn) => transactionKey(session.tenant, txn))
  const records = keys.length ? await readAll<TransactionRecord>(session, session.tables.system, keys) : []
  const found = new Map(records.map((record) => [record.pk, record]))
  for (const [at, txn] of unknown.entries()) {
    states.set(txn, rememberState(session, txn, stateIn(found.get(keys[at]?.pk ?? ''))))
  }
  return new Map([...states].map(([txn, state]) => [txn, state ?? 'pending']))
}

/** Returns a transaction's state by its record. Reads are consistent. */
export const recordedState = async (session: Session, txn: string): Promise<TransactionState> => {
  const key = transactionKey(session.tenant, txn)
  const { Item } = await getItem(session, getParams(session.tables.system, key))
  return rememberState(session, txn, stateIn(Item as TransactionRecord | undefined))
}

/** Aborts a transaction that has no record, and returns its state: the first put of a record decides. */
export const abort = async (session: Session, txn: string): Promise<TransactionState> => {
  const key = transactionKey(session.tenant, txn)
  try {
    await putItem(
      session,
      recordParams(session.tables.system, key, { state: 'aborted', ttl: expiry(session) }),
    )
    return rememberState(session, txn, 'aborted')
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
    return recordedState(session, txn)
  }
}

/**
 * Returns the state of a transaction for an attempt to commit it: `aborted` also if a second attempt under the same lock
 * was committed. `committed` also if the attempt's own put took effect while its answer was lost.
 */
export const stateFor = async (session: Session, txn: string, attempt: string): Promise<TransactionState> => {
  const key = transactionKey(session.tenant, txn)
  const { Item } = await getItem(session, getParams(session.tables.system, key))
  const record = Item as TransactionRecord | undefined
  if (record?.state === 'committed' && record.attempt !== attempt) return 'aborted'
  return rememberState(session, txn, stateIn(record))
}

/** Puts the record that commits a transaction, unless there is a record already, and returns the state for this attempt. */
export const commitRecord = async (
  session: Session,
  txn: string,
  { attempt, journal }: { attempt: string; journal: boolean },
): Promise<TransactionState> => {
  const key = transactionKey(session.tenant, txn)
  const ending = { state: 'committed', attempt, ...(journal && { journal }) } as const
  try {
    await putItem(session, recordParams(session.tables.system, key, ending))
    return rememberState(session, txn, journal ? 'unfinished' : 'committed')
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
    return stateFor(session, txn, attempt)
  }
}
