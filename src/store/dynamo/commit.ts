import { Failure, failure } from '../../outcome/failure.ts'
import { inChunks, inParallel } from '../parallel.ts'
import type { CommitOptions, Lock, SeenVersion, Write } from '../port.ts'
import {
  isTooOldToCommit,
  journalWriteId,
  memberListOf,
  newRandomId,
  newWriteId,
  stagedWriteId,
} from '../write-ids.ts'
import { clearAway, layGround } from './groundwork.ts'
import { checkDefined } from './index/definitions.ts'
import { type Prepared, prepare, type ResourceItem, type TransactionState } from './items.ts'
import { noteCommitted } from './read/visible.ts'
import type { Session } from './session.ts'
import { flipAll, flipOne, lapsed } from './transaction/flip.ts'
import { applyJournal, keepJournal, markDone } from './transaction/journal.ts'
import { beginTransaction, commitRecord, stateFor } from './transaction/record.ts'
import { beating, type Extent, openTransactionOf, registerTransaction } from './transaction/registry.ts'
import { awaitUnchanged } from './transaction/settle.ts'
import { abandon, foldAll, stageAll } from './transaction/stage.ts'

/** The most resources that share a write id: an index item with all their ids stays below 400 KB. */
const mostUnderOneWrite = 500

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html */
const mostInTransaction = 100
const mostBytesInTransaction = 3_500_000

type WriteIds = (chunk: readonly Write[], part: number) => string

/** Stamps the item with its definitions version, so that items indexed under an older version can be found. */
const withDefinitions = (prepared: Prepared, definitions: number): Prepared =>
  definitions > 0 ? { ...prepared, item: { ...prepared.item, defs: definitions } } : prepared

const prepareAll = (
  { tenant, clock }: Session,
  writes: readonly Write[],
  { definitions = 0 }: CommitOptions,
  staged: boolean,
  writeIdOf: WriteIds = (chunk) => newWriteId(chunk.length === 1, clock.now()),
): Prepared[] =>
  inChunks(writes, mostUnderOneWrite).flatMap((chunk, part) => {
    const w = writeIdOf(chunk, part)
    return chunk.map((write) => withDefinitions(prepare(tenant, write, w, staged), definitions))
  })

/**
 * Fails unless the flip follows soon after the last check of the definitions and before the index audit takes its entries
 * for lost.
 */
const checkLate = async (
  session: Session,
  begun: CommitStart,
  definitions: number | undefined,
): Promise<void> => {
  checkAge(session, begun)
  await checkDefined(session, definitions, session.timing.definitions * 2)
}

/**
 * The instant at which a commit chose its write ids, by two clocks in milliseconds: the monotonic clock stops while a
 * process is frozen, the wall clock may be set.
 */
interface CommitStart {
  wall: number
  monotonic: number
}

/**
 * Fails with `conflict` when the write ids are too old: the index audit removes entries of old write ids, so that their
 * versions must not become current.
 */
const checkAge = ({ clock }: Session, { wall, monotonic }: CommitStart): void => {
  if (isTooOldToCommit(clock.now() - wall) || isTooOldToCommit(clock.monotonic() - monotonic)) throw lapsed()
}

/** Only these kinds prove that nothing was committed; after any other error the flip may have taken place. */
const refusals = new Set(['conflict', 'version-conflict'])

const isRefusal = (error: unknown): boolean =>
  error instanceof Failure && error.issues.some(({ kind }) => refusals.has(kind))

const commitAtOnce = async (
  session: Session,
  { prepared, begun }: CommitPlan,
  lock: Lock | undefined,
  { undeleted = [], unchanged = [], definitions }: CommitOptions,
): Promise<void> => {
  await firstFailure([layGround(session, prepared), checkDefined(session, definitions)])
  await checkLate(session, begun, definitions)
  const [only] = prepared
  if (prepared.length === 1 && only && !lock && undeleted.length + unchanged.length === 0)
    await flipOne(session, only)
  else await flipAll(session, { prepared, undeleted, unchanged, ...(lock && { record: lock }) })
}

/**
 * Returns whether a write is kept in the journal rather than staged: a new resource with a random id, because nobody else
 * can write or name the resource.
 */
const isJournaled = ({ before, fresh = false }: Write): boolean => fresh && !before

/**
 * Checks, before the record is put, the resources for which the transaction with the record has no room. A resource that
 * changes between this check and the record counts as changed after the transaction.
 */
const checkBeyond = (session: Session, unchanged: readonly SeenVersion[]): Promise<unknown> =>
  inParallel(32, unchanged, (seen) => awaitUnchanged(session, seen, { left: session.timing.patience }))

/**
 * Puts the record that commits a transaction, on condition that the checked resources are as they were seen, and returns
 * the transaction's state.
 */
const commitUnderRecord = async (
  session: Session,
  txn: string,
  journal: boolean,
  { undeleted = [], unchanged = [] }: CommitOptions,
): Promise<TransactionState> => {
  const attempt = newRandomId()
  const room = mostInTransaction - 1 - undeleted.length
  await checkBeyond(session, unchanged.slice(room))
  const checked = unchanged.slice(0, room)
  if (undeleted.length + checked.length === 0) return commitRecord(session, txn, { attempt, journal })
  try {
    const ending = { txn, journal, staged: true, attempt }
    await flipAll(session, { prepared: [], record: ending, undeleted, unchanged: checked })
  } catch (error) {
    const state = await stateFor(session, txn, attempt)
    if (state === 'pending') throw error
    return state
  }
  return journal ? 'unfinished' : 'committed'
}

const firstFailure = async (work: readonly Promise<unknown>[]): Promise<void> => {
  const failed = (await Promise.allSettled(work)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

const stagedExtent = (staged: readonly Prepared[], journal: readonly ResourceItem[]): Extent => ({
  staged: staged.map(({ key }) => key),
  journal: journal.length > 0,
})

/** Makes everything durable that the record will commit, then calls `lastLook`. */
const stage = async (
  session: Session,
  prepared: readonly Prepared[],
  { txn, staged, journal, lastLook, definitions }: Staging,
): Promise<void> => {
  await firstFailure([
    checkDefined(session, definitions),
    layGround(session, prepared),
    registerTransaction(session, txn, stagedExtent(staged, journal)),
    keepJournal(session, journal, txn),
    stageAll(session, staged, txn),
  ])
  await lastLook?.()
}

interface Staging extends CommitOptions {
  txn: string
  staged: readonly Prepared[]
  journal: readonly ResourceItem[]
}

const commitStaged = async (
  session: Session,
  { prepared, begun }: CommitPlan,
  txn: string,
  options: CommitOptions,
): Promise<void> => {
  const staged = prepared.filter(({ write }) => !isJournaled(write))
  const journal = prepared.filter(({ write }) => isJournaled(write)).map(({ item }) => item)
  const open = openTransactionOf(txn, stagedExtent(staged, journal))
  const work = async () => {
    await stage(session, prepared, { ...options, txn, staged, journal })
    await checkLate(session, begun, options.definitions)
    const state = await commitUnderRecord(session, txn, journal.length > 0, options)
    if (state === 'aborted' || state === 'pending') throw lapsed()
  }
  try {
    await beating(session, txn, work())
  } catch (error) {
    const state = await abandon(session, staged, open)
    if (state === 'aborted' || state === 'pending') throw error
  }
  await applyJournal(session, journal, txn)
  if (journal.length > 0) await markDone(session, txn)
  await foldAll(session, staged, open)
}

const fitsTransaction = (prepared: readonly Prepared[]): boolean =>
  prepared.reduce((bytes, { item }) => bytes + (item.body?.length ?? 0) + 1_000, 0) <= mostBytesInTransaction

/** The prepared writes of a commit, and the transaction's id where a single call cannot hold the commit. */
interface CommitPlan {
  begun: CommitStart
  prepared: readonly Prepared[]
  txn?: string
}

const commitPlan = (
  session: Session,
  writes: readonly Write[],
  lock: Lock | undefined,
  options: CommitOptions,
): CommitPlan => {
  const { undeleted = [], unchanged = [], lastLook } = options
  const items = writes.length + undeleted.length + unchanged.length + (lock ? 1 : 0)
  const begun = { wall: session.clock.now(), monotonic: session.clock.monotonic() }
  if (items <= mostInTransaction && !lastLook) {
    const prepared = prepareAll(session, writes, options, false)
    if (fitsTransaction(prepared)) return { begun, prepared }
  }
  const txn = lock?.txn ?? beginTransaction(session)
  const named = writes.some(isJournaled) ? journalWriteId : stagedWriteId
  const writeIdOf: WriteIds = (_, part) => named(txn, part)
  const isNamed = writes.length > 1 || writes.some(isJournaled)
  return { begun, txn, prepared: prepareAll(session, writes, options, true, isNamed ? writeIdOf : undefined) }
}

const checkUndeletedCount = ({ undeleted = [] }: CommitOptions): void => {
  if (undeleted.length >= mostInTransaction)
    throw failure(
      'too-costly',
      `The written resources refer to ${undeleted.length} resources that must not be deleted meanwhile; at most ${mostInTransaction - 1} can be checked. Send them in parts.`,
    )
}

/**
 * Commits all writes or none: first the index entries, then the flip. The janitor removes the old entries once no search
 * needs them.
 */
export const commitWrites = async (
  session: Session,
  writes: readonly Write[],
  lock?: Lock,
  options: CommitOptions = {},
): Promise<void> => {
  if (writes.length === 0) return
  checkUndeletedCount(options)
  const plan = commitPlan(session, writes, lock, options)
  const { txn, prepared } = plan
  const { repeated } = session
  try {
    if (txn === undefined) await commitAtOnce(session, plan, lock, options)
    else await commitStaged(session, plan, txn, options)
  } catch (error) {
    // A call whose answer was lost may still arrive, and would find its entries gone.
    if (isRefusal(error) && session.repeated === repeated) await clearAway(session, prepared)
    throw error
  }
  noteCommitted(session, new Set(prepared.flatMap(({ item }) => memberListOf(item.w) ?? [])))
}
