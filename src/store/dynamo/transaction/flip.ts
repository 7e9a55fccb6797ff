import { failure } from '../../../outcome/failure.ts'
import { currentKey, transactionKey } from '../../keys.ts'
import type { ResourceKey, SeenVersion } from '../../port.ts'
import { newRandomId } from '../../write-ids.ts'
import type { Prepared } from '../items.ts'
import { flipParams, recordParams, transactParams } from '../params.ts'
import { backOff, errorName, putItem, type Session, transactWrite } from '../session.ts'
import { expiry, rememberState, stateFor } from './record.ts'
import { awaitUnchanged, awaitUndeleted, type Budget, makeWay } from './settle.ts'

/** Returns the failure of a transaction that others have aborted after more time than its lease. */
export const lapsed = () =>
  failure('conflict', 'The transaction took too long and another one went ahead. Try again in a moment.')

/** Returns `busy` rather than `conflict`: earlier calls may still take effect, so that their index entries must stay. */
const flipContended = () =>
  failure('busy', 'Other transactions are under way on the same resources. Try again in a moment.')

/**
 * Commits a write by a conditional put; a put that took effect while its answer was lost is recognised. Fails like
 * `makeWay`.
 */
export const flipOne = async (session: Session, prepared: Prepared): Promise<void> => {
  const budget: Budget = { left: session.timing.patience }
  while (await isRefused(putItem(session, flipParams(session.tables.resources, prepared)))) {
    if ((await makeWay(session, prepared, budget)) === 'done') return
  }
}

const isRefused = async (call: Promise<unknown>): Promise<boolean> => {
  try {
    await call
    return false
  } catch (error) {
    if (errorName(error) === 'ConditionalCheckFailedException') return true
    throw error
  }
}

const waitFor = async (session: Session, budget: Budget, attempt: number): Promise<void> => {
  if (budget.left <= 0) throw flipContended()
  budget.left -= await backOff(session, attempt)
}

interface CancelReason {
  Code?: string | undefined
  Message?: string | undefined
}

const passingReasons = new Set([
  'None',
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
  'ConditionalCheckFailed',
])

const reasonsOf = (error: unknown): CancelReason[] => {
  const reasons = (error as { CancellationReasons?: CancelReason[] }).CancellationReasons
  if (errorName(error) !== 'TransactionCanceledException' || !reasons) throw error
  const broken = reasons.find(({ Code = 'None' }) => !passingReasons.has(Code))
  if (broken) throw new Error(`${broken.Code}: ${broken.Message}`)
  return reasons
}

const cancellation = async (call: Promise<unknown>): Promise<CancelReason[] | undefined> => {
  try {
    await call
    return undefined
  } catch (error) {
    return reasonsOf(error)
  }
}

/**
 * The contents of a TransactWriteItems: the record that fences or ends a transaction, the writes, and the checks. A
 * record without `staged` items may expire from the start: only a request with an idempotency key reads it.
 */
export interface Flip {
  prepared: readonly Prepared[]
  record?: { txn: string; attempt?: string; journal?: boolean; staged?: boolean }
  undeleted?: readonly ResourceKey[]
  unchanged?: readonly SeenVersion[]
}

const endingOf = (session: Session, { journal, staged }: NonNullable<Flip['record']>, attempt: string) =>
  ({
    state: 'committed',
    attempt,
    ...(journal && { journal: true }),
    ...(!staged && { ttl: expiry(session) }),
  }) as const

const paramsOf = (
  session: Session,
  { prepared, record, undeleted = [], unchanged = [] }: Flip,
  attempt: string,
) => {
  const { tables, tenant } = session
  const ending = record && endingOf(session, record, attempt)
  const put = ending && recordParams(tables.system, transactionKey(tenant, record.txn), ending)
  const checks = undeleted.map((key) => currentKey(tenant, key))
  const seen = unchanged.map(({ before, ...key }) => ({ key: currentKey(tenant, key), w: before?.w }))
  return transactParams(tables, prepared, put, checks, seen)
}

/**
 * Returns whether the record that exists already is this attempt's own, whose answer was lost; fails with `conflict` if
 * the transaction was aborted.
 */
const isCommitted = async (session: Session, txn: string, id: string): Promise<boolean> => {
  const state = await stateFor(session, txn, id)
  if (state === 'aborted') throw lapsed()
  return state !== 'pending'
}

/** Returns whether any of the writes is done: then all are, since nobody else writes under their write id. */
const isOneDone = async (
  session: Session,
  contested: readonly Prepared[],
  budget: Budget,
): Promise<boolean> => {
  for (const one of contested) if ((await makeWay(session, one, budget)) === 'done') return true
  return false
}

/**
 * Commits a flip by a TransactWriteItems; a call that took effect while its answer was lost is recognised when repeated.
 * Fails with `conflict` if the record says that others have ended the transaction, with `busy` if other transactions do
 * not finish in time, and with `version-conflict` if a check fails.
 */
export const flipAll = async (session: Session, flip: Flip): Promise<void> => {
  const { prepared, record, undeleted = [], unchanged = [] } = flip
  const budget: Budget = { left: session.timing.patience }
  const id = record?.attempt ?? newRandomId()
  const params = paramsOf(session, flip, id)
  for (let attempt = 0; ; attempt++) {
    const reasons = await cancellation(transactWrite(session, params))
    if (!reasons) break
    const first = record ? 1 : 0
    const failed = (at: number) => reasons[at]?.Code === 'ConditionalCheckFailed'
    if (record && failed(0) && (await isCommitted(session, record.txn, id))) break
    const contested = prepared.filter((_, at) => failed(first + at))
    if (await isOneDone(session, contested, budget)) break
    const doubtful = undeleted.filter((_, at) => failed(first + prepared.length + at))
    for (const key of doubtful) await awaitUndeleted(session, key, budget, record?.txn)
    const behind = first + prepared.length + undeleted.length
    const changed = unchanged.filter((_, at) => failed(behind + at))
    for (const seen of changed) await awaitUnchanged(session, seen, budget, record?.txn)
    if (contested.length + doubtful.length + changed.length === 0) await waitFor(session, budget, attempt)
  }
  if (record) rememberState(session, record.txn, record.journal ? 'unfinished' : 'committed')
}
