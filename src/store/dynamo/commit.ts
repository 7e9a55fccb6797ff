import { Failure, failure } from '../../outcome/failure.ts'
import { buildKey } from '../keys.ts'
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
import { type BatchRequest, writeAll } from './batch.ts'
import { checkDefined } from './index/definitions.ts'
import { indexItems, type Placed, removeItems } from './index/items.ts'
import { marksOf, putMarks, rememberMarks, unknownMarks } from './index/marks.ts'
import { memberRows } from './index/members.ts'
import { itemOfVersion, type Prepared, pastItem, prepare, type ResourceItem, type State } from './items.ts'
import { noteCommitted } from './read/visible.ts'
import { putObject, type Session } from './session.ts'
import { flipAll, flipOne, lapsed } from './transaction/flip.ts'
import { applyJournal, keepJournal, markDone } from './transaction/journal.ts'
import { beginTransaction, commitRecord, stateFor } from './transaction/record.ts'
import { beating, type Extent, openOf, register } from './transaction/registry.ts'
import { awaitUnchanged } from './transaction/settle.ts'
import { abandon, foldAll, stageAll } from './transaction/stage.ts'

/** How many resources share a write id at the most: an index item that holds them all stays below 400 KB. */
const mostUnderOneWrite = 500

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html */
const mostInTransaction = 100
const mostBytesInTransaction = 3_500_000

type WriteIds = (chunk: readonly Write[], part: number) => string

/** A resource tells by which definitions it is indexed: whoever was late is found by it. */
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

/** A flip is sent soon after the definitions were last looked at, and before the index audit calls its entries lost. */
const checkLate = async (session: Session, begun: Begun, definitions: number | undefined): Promise<void> => {
  checkAge(session, begun)
  await checkDefined(session, definitions, session.timing.definitions * 2)
}

/** When a commit chose its write ids, by both clocks: one stands still while a process is frozen, the other may be set. */
interface Begun {
  wall: number
  monotonic: number
}

/** The index audit removes what stands under a spent write id: it must not become current any more. */
const checkAge = ({ clock }: Session, { wall, monotonic }: Begun): void => {
  if (isTooOldToCommit(clock.now() - wall) || isTooOldToCommit(clock.monotonic() - monotonic)) throw lapsed()
}

const newEntries = (prepared: readonly Prepared[]): Placed[] =>
  prepared.map(({ key, item, write }) => ({
    id: key.id,
    v: item.v,
    w: item.w,
    entries: write.entries,
  }))

/** The rows that list a write's members, which readers need to see it whole; none for a write of one resource. */
const listedMembers = (session: Session, prepared: readonly Prepared[]): BatchRequest[] => {
  const list = memberListOf(prepared[0]?.item.w ?? '')
  if (list === undefined) return []
  const members = prepared.map(({ key, item }) => ({ ...key, v: item.v }))
  return memberRows(session, list, members).map((put) => ({ table: session.tables.system, put }))
}

/** Everything that must be durable before the flip and that nobody can see until then. */
const groundwork = (
  session: Session,
  prepared: readonly Prepared[],
  marks: readonly BatchRequest[],
): BatchRequest[] => {
  const { tenant, tables } = session
  return [
    ...marks,
    ...listedMembers(session, prepared),
    ...prepared.flatMap(({ write: { before } }) =>
      before ? [{ table: tables.resources, put: { ...pastItem(itemOfVersion(tenant, before)) } }] : [],
    ),
    ...indexItems(tenant, newEntries(prepared)).map((put) => ({ table: tables.search, put: { ...put } })),
  ]
}

/** With a day's first mark a process says which build it is: how others have indexed is told by what they left. */
const buildMarks = async (
  { build, tenant, tables }: Session,
  marks: readonly { label?: unknown }[],
): Promise<BatchRequest[]> => {
  if (!build || marks.every(({ label }) => label !== undefined)) return []
  const { print, types } = await build()
  return [{ table: tables.system, put: { ...buildKey(tenant, print), types } }]
}

const layGround = async (session: Session, prepared: readonly Prepared[]): Promise<void> => {
  const written = prepared.map(({ write }) => write)
  const marks = unknownMarks(session, marksOf(session.tenant, written))
  const builds = await buildMarks(session, marks)
  const upload = async ({ item: { s3 }, large }: Prepared) => {
    if (s3 && large) await putObject(session, s3, large)
  }
  await Promise.all([
    inParallel(
      4,
      prepared.filter(({ large }) => large),
      upload,
    ),
    writeAll(session, groundwork(session, prepared, [...builds, ...putMarks(session, marks)])),
  ])
  rememberMarks(session, marks)
}

/** Only these say for certain that nothing was committed; after any other error the flip may have taken place. */
const refusals = new Set(['conflict', 'version-conflict'])

const isRefusal = (error: unknown): boolean =>
  error instanceof Failure && error.issues.some(({ kind }) => refusals.has(kind))

/** What a lost attempt has written is dead weight: it goes at once if it can, and harms nobody if it stays. */
const clearAway = async (session: Session, prepared: readonly Prepared[]): Promise<void> => {
  const keys = indexItems(session.tenant, newEntries(prepared))
  await removeItems(session, keys).catch(() => undefined)
}

const commitAtOnce = async (
  session: Session,
  { prepared, begun }: Plan,
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

/** What nobody else can write or name need not be staged: a journal is enough until the transaction is committed. */
const isJournaled = ({ before, fresh = false }: Write): boolean => fresh && !before

/**
 * Checks, ahead of the record, what one call has no room to check with it: changed between the two, such a resource counts as
 * changed after the transaction.
 */
const checkBeyond = (session: Session, unchanged: readonly SeenVersion[]): Promise<unknown> =>
  inParallel(32, unchanged, (seen) => awaitUnchanged(session, seen, { left: session.timing.patience }))

/** Puts the record that commits a transaction, which must find what is to be checked as it was seen; returns how it has ended. */
const record = async (
  session: Session,
  txn: string,
  journal: boolean,
  { undeleted = [], unchanged = [] }: CommitOptions,
): Promise<State> => {
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

const extentOf = (staged: readonly Prepared[], journal: readonly ResourceItem[]): Extent => ({
  staged: staged.map(({ key }) => key),
  journal: journal.length > 0,
})

/** Makes everything durable that the record will commit, and has the last look. */
const stage = async (
  session: Session,
  prepared: readonly Prepared[],
  { txn, staged, journal, lastLook, definitions }: Staging,
): Promise<void> => {
  await firstFailure([
    checkDefined(session, definitions),
    layGround(session, prepared),
    register(session, txn, extentOf(staged, journal)),
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
  { prepared, begun }: Plan,
  txn: string,
  options: CommitOptions,
): Promise<void> => {
  const staged = prepared.filter(({ write }) => !isJournaled(write))
  const journal = prepared.filter(({ write }) => isJournaled(write)).map(({ item }) => item)
  const open = openOf(txn, extentOf(staged, journal))
  const work = async () => {
    await stage(session, prepared, { ...options, txn, staged, journal })
    await checkLate(session, begun, options.definitions)
    const state = await record(session, txn, journal.length > 0, options)
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

/** What a commit is going to store, and under which transaction where one call cannot hold it. */
interface Plan {
  begun: Begun
  prepared: readonly Prepared[]
  txn?: string
}

const planOf = (
  session: Session,
  writes: readonly Write[],
  lock: Lock | undefined,
  options: CommitOptions,
): Plan => {
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

const checkCare = ({ undeleted = [] }: CommitOptions): void => {
  if (undeleted.length >= mostInTransaction)
    throw failure(
      'too-costly',
      `What is written refers to ${undeleted.length} resources that must not be deleted meanwhile; at most ${mostInTransaction - 1} can be watched. Send it in parts.`,
    )
}

/** Commits all writes or none: index first, then the flip. The janitor removes the old entries once no search needs them. */
export const commit = async (
  session: Session,
  writes: readonly Write[],
  lock?: Lock,
  options: CommitOptions = {},
): Promise<void> => {
  if (writes.length === 0) return
  checkCare(options)
  const plan = planOf(session, writes, lock, options)
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
