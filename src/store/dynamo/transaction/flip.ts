import { failure } from '../../../outcome/failure.ts'
import { currentKey, transactionKey } from '../../keys.ts'
import type { ResourceKey, SeenVersion } from '../../port.ts'
import { newRandomId } from '../../write-ids.ts'
import type { Prepared } from '../items.ts'
import { flipParams, recordParams, transactParams } from '../params.ts'
import { errorName, pause, putItem, type Session, transactWrite } from '../session.ts'
import { expiry, remember, stateFor } from './record.ts'
import { awaitUnchanged, awaitUndeleted, type Budget, makeWay } from './settle.ts'

/** Returns the failure of a transaction that others have aborted because it took longer than its lease. */
export const lapsed = () =>
  failure('conflict', 'The transaction took too long and another one went ahead. Try again in a moment.')

/** Not `conflict`: what was sent before may yet take effect, so that nobody may clear away what it needs. */
const contended = () =>
  failure('busy', 'Other transactions are under way on the same resources. Try again in a moment.')

/** Commits one write by one conditional put; one that took effect while its answer was lost is recognised. */
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
    return reasonsOf(error)
  }
}

/**
 * What one TransactWriteItems commits: the record that fences or ends a transaction, the writes, and what must not be
 * deleted. A record under which nothing is `staged` may end from the start: nobody but a named request asks for it.
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

/** Returns whether a record that is there already is this very attempt's, whose answer was lost; fails where it is not. */
const isCommitted = async (session: Session, txn: string, id: string): Promise<boolean> => {
  const state = await stateFor(session, txn, id)
  if (state === 'aborted') throw lapsed()
  return state !== 'pending'
}

/** Returns whether one of the writes is found to be done: then all are, since nobody else writes under their write id. */
const isOneDone = async (
  session: Session,
  contested: readonly Prepared[],
  budget: Budget,
): Promise<boolean> => {
  for (const one of contested) if ((await makeWay(session, one, budget)) === 'done') return true
  return false
}

/**
 * Commits everything by one TransactWriteItems; fails where the record says that others have ended the transaction. A call
 * that took effect while its answer was lost is recognised when it is repeated.
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
  if (record) remember(session, record.txn, record.journal ? 'unfinished' : 'committed')
}
