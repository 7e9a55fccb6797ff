import { failure } from '../../outcome/failure.ts'
import { transactionKey } from '../keys.ts'
import type { Hold } from '../port.ts'
import type { Prepared } from './items.ts'
import { flipParams, recordParams, transactParams } from './params.ts'
import { errorName, pause, putItem, type Session, transactWrite } from './session.ts'
import { type Budget, makeWay } from './settle.ts'

/** Returns the failure of a transaction that others have aborted because it took longer than its lease. */
export const lapsed = () =>
  failure('conflict', 'The transaction took too long and another one went ahead. Try again in a moment.')

const contended = () =>
  failure('conflict', 'Other transactions are under way on the same resources. Try again in a moment.')

/** Commits one write by one conditional put. */
export const flipOne = async (session: Session, prepared: Prepared): Promise<void> => {
  const budget: Budget = { left: session.timing.patience }
  for (let attempt = 0; ; attempt++) {
    const refused = await refusalOf(putItem(session, flipParams(session.tables.resources, prepared)))
    if (refused === undefined) return
    if (refused === 'TransactionConflictException') await waitFor(session, budget, attempt)
    else if ((await makeWay(session, prepared, budget)) === 'done') return
  }
}

const refusing = new Set(['ConditionalCheckFailedException', 'TransactionConflictException'])

const refusalOf = async (call: Promise<unknown>): Promise<string | undefined> => {
  try {
    await call
    return undefined
  } catch (error) {
    if (refusing.has(errorName(error))) return errorName(error)
    throw error
  }
}

const waitFor = async (session: Session, budget: Budget, attempt: number): Promise<void> => {
  if (budget.left <= 0) throw contended()
  budget.left -= await pause(session, attempt)
}

interface Reason {
  Code?: string | undefined
  Message?: string | undefined
}

const waiting = new Set([
  'None',
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
  'ConditionalCheckFailed',
])

const reasonsOf = (error: unknown): Reason[] => {
  const reasons = (error as { CancellationReasons?: Reason[] }).CancellationReasons
  if (errorName(error) !== 'TransactionCanceledException' || !reasons) throw error
  const broken = reasons.find(({ Code = 'None' }) => !waiting.has(Code))
  if (broken) throw new Error(`${broken.Code}: ${broken.Message}`)
  return reasons
}

const cancellation = async (call: Promise<unknown>): Promise<Reason[] | undefined> => {
  try {
    await call
    return undefined
  } catch (error) {
    if (refusing.has(errorName(error)) || errorName(error) === 'TransactionInProgressException') return []
    return reasonsOf(error)
  }
}

/** Commits all writes by one TransactWriteItems; under a hold the transaction's record is part of it. */
export const flipAll = async (
  session: Session,
  prepared: readonly Prepared[],
  hold: Hold | undefined,
): Promise<void> => {
  const { tables, tenant, timing } = session
  const record = hold && recordParams(tables.system, transactionKey(tenant, hold.txn), { state: 'committed' })
  const budget: Budget = { left: timing.patience }
  for (let attempt = 0; ; attempt++) {
    const reasons = await cancellation(transactWrite(session, transactParams(tables, prepared, record)))
    if (!reasons) return
    const failed = (at: number) => reasons[at]?.Code === 'ConditionalCheckFailed'
    if (record && failed(0)) throw lapsed()
    const contested = prepared.filter((_, at) => failed(record ? at + 1 : at))
    for (const one of contested) await makeWay(session, one, budget)
    if (contested.length === 0) await waitFor(session, budget, attempt)
  }
}
