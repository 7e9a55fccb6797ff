import { failure } from '../../outcome/failure.ts'
import { currentKey, transactionKey } from '../keys.ts'
import type { ResourceKey } from '../port.ts'
import type { Prepared } from './items.ts'
import { flipParams, recordParams, transactParams } from './params.ts'
import { errorName, pause, putItem, type Session, transactWrite } from './session.ts'
import { awaitUndeleted, type Budget, makeWay } from './settle.ts'

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

/** What one TransactWriteItems commits: the record that fences or ends a transaction, the writes, and what must not be deleted. */
export interface Flip {
  prepared: readonly Prepared[]
  record?: { txn: string; journal?: boolean }
  undeleted?: readonly ResourceKey[]
}

const paramsOf = ({ tables, tenant }: Session, { prepared, record, undeleted = [] }: Flip) => {
  const ending = { state: 'committed', ...(record?.journal && { journal: true }) } as const
  const put = record && recordParams(tables.system, transactionKey(tenant, record.txn), ending)
  const checks = undeleted.map((key) => currentKey(tenant, key))
  return transactParams(tables, prepared, put, checks)
}

/** Commits everything by one TransactWriteItems; fails where the record says that others have ended the transaction. */
export const flipAll = async (session: Session, flip: Flip): Promise<void> => {
  const { prepared, record, undeleted = [] } = flip
  const budget: Budget = { left: session.timing.patience }
  for (let attempt = 0; ; attempt++) {
    const reasons = await cancellation(transactWrite(session, paramsOf(session, flip)))
    if (!reasons) return
    const first = record ? 1 : 0
    const failed = (at: number) => reasons[at]?.Code === 'ConditionalCheckFailed'
    if (record && failed(0)) throw lapsed()
    const contested = prepared.filter((_, at) => failed(first + at))
    for (const one of contested) await makeWay(session, one, budget)
    const doubtful = undeleted.filter((_, at) => failed(first + prepared.length + at))
    for (const key of doubtful) await awaitUndeleted(session, key, budget, record?.txn)
    if (contested.length + doubtful.length === 0) await waitFor(session, budget, attempt)
  }
}
