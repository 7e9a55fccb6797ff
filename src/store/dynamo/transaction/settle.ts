import { failure } from '../../../outcome/failure.ts'
import { currentKey, pastKey } from '../../keys.ts'
import type { ResourceKey, SeenVersion, Version } from '../../port.ts'
import {
  foldedItem,
  type Prepared,
  type ResourceItem,
  stagedBy,
  type TransactionState,
  visibleItem,
} from '../items.ts'
import { foldParams, foldStatement, getParams, unstageNewParams, unstageNextParams } from '../params.ts'
import {
  backOff,
  deleteItem,
  errorName,
  executeStatements,
  getItem,
  putItem,
  type Session,
  updateItem,
} from '../session.ts'
import { finishJournal } from './journal.ts'
import { abort, rememberState, statesOf } from './record.ts'
import { openTransactions } from './registry.ts'
import { isAbandoned, isLeftBehind } from './watch.ts'

const conditionally = async (call: Promise<unknown>): Promise<void> => {
  try {
    await call
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
  }
}

const foldOne = (session: Session, item: ResourceItem, txn: string): Promise<unknown> => {
  const table = session.tables.resources
  if (item.next) return conditionally(putItem(session, foldParams(table, foldedItem(item), txn)))
  return executeStatements(session, { Statements: [foldStatement(table, item, txn)] })
}

/** Removes the staged version of an aborted transaction from an item, or the item itself if new. */
export const unstage = (session: Session, item: ResourceItem, txn: string): Promise<void> => {
  const table = session.tables.resources
  return conditionally(
    item.next
      ? updateItem(session, unstageNextParams(table, item, txn))
      : deleteItem(session, unstageNewParams(table, item, txn)),
  )
}

/** Makes an item ordinary again after its transaction has ended; harmless if another process has done so. */
export const settleItem = async (
  session: Session,
  item: ResourceItem,
  txn: string,
  state: TransactionState,
): Promise<void> => {
  if (state === 'committed') await foldOne(session, item, txn)
  if (state === 'aborted') await unstage(session, item, txn)
}

const settleAbandoned = async (
  session: Session,
  items: readonly ResourceItem[],
  states: Map<string, TransactionState>,
): Promise<void> => {
  const settling = items.map(async (item) => {
    const txn = stagedBy(item) ?? ''
    const state = states.get(txn) ?? 'pending'
    if (state !== 'pending' && isLeftBehind(session, txn)) await settleItem(session, item, txn, state)
  })
  await Promise.allSettled(settling)
}

const distinctTransactions = (txns: readonly (string | undefined)[]): string[] => [
  ...new Set(txns.filter((txn) => txn !== undefined)),
]

/** Carries out the journals of unfinished transactions; returns whether there were any. */
const finishAll = async (
  session: Session,
  txns: readonly string[],
  states: ReadonlyMap<string, TransactionState>,
): Promise<boolean> => {
  const unfinished = txns.filter((txn) => states.get(txn) === 'unfinished')
  await Promise.all(unfinished.map((txn) => finishJournal(session, txn)))
  return unfinished.length > 0
}

/**
 * Carries out the unfinished journals among these transactions, whatever their age; returns whether there were any.
 * Readers of index entries pass the transactions that the write ids name (`journalOf`).
 */
export const finishNamed = async (session: Session, txns: readonly string[]): Promise<boolean> =>
  txns.length > 0 && finishAll(session, txns, await statesOf(session, txns))

/** The milliseconds for which a reader that finds no resource trusts the last read of the open transactions. */
const openTrusted = 5_000

/**
 * Carries out every unfinished journal of the tenant; returns whether there were any. Called when no resource is found
 * under an id: a journal that nobody has begun to carry out may create the resource. Costs a Query, unless this process
 * has sent that Query within the last five seconds by its monotonic clock.
 */
export const finishOpen = async (session: Session): Promise<boolean> => {
  const { memory, clock, tenant } = session
  const asked = memory.openAsked.get(tenant)
  if (asked !== undefined && clock.monotonic() - asked < openTrusted) return false
  memory.openAsked.set(tenant, clock.monotonic())
  const journals = (await openTransactions(session)).filter(({ journal }) => journal)
  return finishNamed(
    session,
    journals.map(({ txn }) => txn),
  )
}

/**
 * Notes transactions whose resources exist and whose record is gone as committed: a record expires only after its journal
 * is carried out.
 */
const rememberCompleted = (
  session: Session,
  created: readonly string[],
  states: Map<string, TransactionState>,
): void => {
  for (const txn of created) if (states.get(txn) === 'pending') rememberState(session, txn, 'committed')
}

/**
 * Returns the items as readers may see them, and settles items that a writer has left behind for longer than a lease.
 * Returns undefined if the items must be read again, since further resources of a transaction were missing.
 */
export const settledItems = async (
  session: Session,
  items: readonly ResourceItem[],
): Promise<ResourceItem[] | undefined> => {
  const staged = items.filter(stagedBy)
  const created = distinctTransactions(items.map(({ by }) => by))
  const txns = distinctTransactions([...staged.map(stagedBy), ...created])
  if (txns.length === 0) return [...items]
  const states = await statesOf(session, txns)
  if (await finishAll(session, txns, states)) return undefined
  rememberCompleted(session, created, states)
  await settleAbandoned(session, staged, states)
  return items
    .map((item) => visibleItem(item, states.get(stagedBy(item) ?? '') ?? 'pending'))
    .filter((item) => item !== undefined)
}

/** The time that a writer may still wait for others, in milliseconds. */
export interface Budget {
  left: number
}

const quotedReference = ({ type, id }: ResourceKey): string => `\`${type}/${id}\``

/** Returns the failure of a write whose `before` is no longer current. */
export const beforeIsPast = (prepared: Prepared, now: Pick<Version, 'v'> | undefined) =>
  failure(
    'version-conflict',
    `${quotedReference(prepared.key)} was changed meanwhile: expected ${versionName(prepared.write.before)}, found ${versionName(now)}. Read it again and repeat the change.`,
  )

const versionName = (version: Pick<Version, 'v'> | undefined): string =>
  version ? `version ${version.v}` : 'no version'

const resourceContended = (key: ResourceKey) =>
  failure('conflict', `Another transaction is under way on ${quotedReference(key)}. Try again in a moment.`)

const readItem = async (session: Session, key: ResourceKey): Promise<ResourceItem | undefined> => {
  const { Item } = await getItem(
    session,
    getParams(session.tables.resources, currentKey(session.tenant, key)),
  )
  return Item as ResourceItem | undefined
}

/** Returns whether a writer may go on waiting: of two transactions that block each other the older one waits longer. */
export const mayWait = (
  { timing }: Session,
  { left }: Budget,
  mine: string | undefined,
  theirs: string,
): boolean => left > (mine !== undefined && theirs < mine ? timing.patience * 0.75 : 0)

/** An item with the transaction that is under way on it. */
interface UnderWay {
  item: ResourceItem | undefined
  txn: string | undefined
  state: TransactionState
  /** The item as readers see it. */
  now: ResourceItem | undefined
}

const lookAt = async (session: Session, key: ResourceKey): Promise<UnderWay> => {
  const item = await readItem(session, key)
  const txn = stagedBy(item)
  const state = txn === undefined ? 'committed' : ((await statesOf(session, [txn])).get(txn) ?? 'pending')
  if (txn !== undefined && state === 'unfinished') await finishJournal(session, txn)
  return { item, txn, state, now: visibleItem(item, state) }
}

/** A writer's remaining time, its own transaction's id, and the number of attempts before. */
interface Waiting {
  budget: Budget
  mine: string | undefined
  attempt: number
}

/**
 * Settles the item of a transaction that has ended, aborts a transaction whose writer is dead, or waits; fails with
 * `conflict` when the time is over.
 */
const passBy = async (
  session: Session,
  key: ResourceKey,
  { item, txn, state }: UnderWay,
  { budget, mine, attempt }: Waiting,
): Promise<void> => {
  if (!item || txn === undefined || state === 'unfinished') return
  if (state !== 'pending') await settleItem(session, item, txn, state)
  else if (await isAbandoned(session, txn)) await abort(session, txn)
  else if (mayWait(session, budget, mine, txn)) budget.left -= await backOff(session, attempt)
  else throw resourceContended(key)
}

/**
 * Returns whether a write took effect and has been superseded since: the next writer has put the written version among
 * the past versions. This can be so only if a call was repeated after its first answer was lost.
 */
const wasDone = async (session: Session, { key, item }: Prepared): Promise<boolean> => {
  if (session.repeated === 0) return false
  const place = pastKey(session.tenant, key, item.v)
  const { Item } = await getItem(session, getParams(session.tables.resources, place))
  return Item?.w === item.w
}

/**
 * Finds out why a write was refused. Returns `done` when the write has in fact succeeded, and `free` when the write can
 * be repeated; fails with `version-conflict` when `before` is no longer current, with `conflict` when another transaction
 * does not finish in time.
 */
export const makeWay = async (
  session: Session,
  prepared: Prepared,
  budget: Budget,
  mine?: string,
): Promise<'done' | 'free'> => {
  for (let attempt = 0; ; attempt++) {
    const found = await lookAt(session, prepared.key)
    const { item, txn, now } = found
    const isOurs = mine === undefined ? now?.w === prepared.item.w : txn === mine
    if (isOurs) return 'done'
    if (now?.w !== prepared.write.before?.w) {
      if (mine === undefined && (await wasDone(session, prepared))) return 'done'
      throw beforeIsPast(prepared, now)
    }
    if (!item || txn === undefined) return 'free'
    await passBy(session, prepared.key, found, { budget, mine, attempt })
  }
}

/**
 * Returns once no transaction is under way on a resource that must not be deleted; fails with `version-conflict` after a
 * deletion, with `conflict` when a transaction on it does not finish in time.
 */
export const awaitUndeleted = async (
  session: Session,
  key: ResourceKey,
  budget: Budget,
  mine?: string,
): Promise<void> => {
  for (let attempt = 0; ; attempt++) {
    const found = await lookAt(session, key)
    if (found.now?.deleted)
      throw failure('version-conflict', `${quotedReference(key)} was deleted meanwhile.`)
    if (found.txn === undefined) return
    await passBy(session, key, found, { budget, mine, attempt })
  }
}

/**
 * Returns once a resource is as seen and no transaction is under way on it; fails with `version-conflict` after a change,
 * with `conflict` when a transaction on it does not finish in time.
 */
export const awaitUnchanged = async (
  session: Session,
  { before, ...key }: SeenVersion,
  budget: Budget,
  mine?: string,
): Promise<void> => {
  for (let attempt = 0; ; attempt++) {
    const found = await lookAt(session, key)
    if (found.now?.w !== before?.w)
      throw failure('version-conflict', `${quotedReference(key)} was changed meanwhile.`)
    if (found.txn === undefined) return
    await passBy(session, key, found, { budget, mine, attempt })
  }
}
