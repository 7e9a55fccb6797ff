import { failure } from '../../../outcome/failure.ts'
import { currentKey, pastKey } from '../../keys.ts'
import type { ResourceKey, SeenVersion, Version } from '../../port.ts'
import { folded, type Prepared, type ResourceItem, type State, stagedBy, standing } from '../items.ts'
import { foldParams, foldStatement, getParams, unstageNewParams, unstageNextParams } from '../params.ts'
import {
  deleteItem,
  errorName,
  executeStatements,
  getItem,
  pause,
  putItem,
  type Session,
  updateItem,
} from '../session.ts'
import { finish } from './journal.ts'
import { abort, remember, statesOf } from './record.ts'
import { openTransactions } from './registry.ts'
import { isAbandoned, isLeft } from './watch.ts'

const conditionally = async (call: Promise<unknown>): Promise<void> => {
  try {
    await call
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
  }
}

const foldOne = (session: Session, item: ResourceItem, txn: string): Promise<unknown> => {
  const table = session.tables.resources
  if (item.next) return conditionally(putItem(session, foldParams(table, folded(item), txn)))
  return executeStatements(session, { Statements: [foldStatement(table, item, txn)] })
}

/** Takes what an aborted transaction has staged off an item. */
export const unstage = (session: Session, item: ResourceItem, txn: string): Promise<void> => {
  const table = session.tables.resources
  return conditionally(
    item.next
      ? updateItem(session, unstageNextParams(table, item, txn))
      : deleteItem(session, unstageNewParams(table, item, txn)),
  )
}

/** Makes an item ordinary again after its transaction has ended; harmless when somebody else has done so. */
export const settleItem = async (
  session: Session,
  item: ResourceItem,
  txn: string,
  state: State,
): Promise<void> => {
  if (state === 'committed') await foldOne(session, item, txn)
  if (state === 'aborted') await unstage(session, item, txn)
}

const settleAbandoned = async (
  session: Session,
  items: readonly ResourceItem[],
  states: Map<string, State>,
): Promise<void> => {
  const settling = items.map(async (item) => {
    const txn = stagedBy(item) ?? ''
    const state = states.get(txn) ?? 'pending'
    if (state !== 'pending' && isLeft(session, txn)) await settleItem(session, item, txn, state)
  })
  await Promise.allSettled(settling)
}

const distinct = (txns: readonly (string | undefined)[]): string[] => [
  ...new Set(txns.filter((txn) => txn !== undefined)),
]

/** Carries out those that are committed and not done; returns whether there were any. */
const finishAll = async (
  session: Session,
  txns: readonly string[],
  states: ReadonlyMap<string, State>,
): Promise<boolean> => {
  const unfinished = txns.filter((txn) => states.get(txn) === 'unfinished')
  await Promise.all(unfinished.map((txn) => finish(session, txn)))
  return unfinished.length > 0
}

/**
 * Carries out the journals among these transactions that are committed and not done, whatever their age; returns whether
 * there were any. Whoever holds an index entry calls it with the transactions that the write ids name (`journalOf`).
 */
export const finishNamed = async (session: Session, txns: readonly string[]): Promise<boolean> =>
  txns.length > 0 && finishAll(session, txns, await statesOf(session, txns))

/** So long an answer about open transactions is good enough for who found nothing, in milliseconds. */
const openTrusted = 5_000

/**
 * Carries out every journal of the tenant that is committed and not done; returns whether there were any. For who found
 * nothing under an id: that may be created by a journal which nobody has begun to carry out, and nothing names it. One
 * Query where a process has not asked within five seconds by its monotonic clock; else nothing is read.
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

/** A record ends only after its journal is done: what was created by one that has none any more is complete. */
const completed = (session: Session, created: readonly string[], states: Map<string, State>): void => {
  for (const txn of created) if (states.get(txn) === 'pending') remember(session, txn, 'committed')
}

/**
 * Returns the items as readers may see them; what a writer has left behind is settled on the way, once it was seen to lie
 * there for the length of a lease.
 * Returns undefined when the items must be read again: the rest of what a transaction has created was missing.
 */
export const settled = async (
  session: Session,
  items: readonly ResourceItem[],
): Promise<ResourceItem[] | undefined> => {
  const staged = items.filter(stagedBy)
  const created = distinct(items.map(({ by }) => by))
  const txns = distinct([...staged.map(stagedBy), ...created])
  if (txns.length === 0) return [...items]
  const states = await statesOf(session, txns)
  if (await finishAll(session, txns, states)) return undefined
  completed(session, created, states)
  await settleAbandoned(session, staged, states)
  return items
    .map((item) => standing(item, states.get(stagedBy(item) ?? '') ?? 'pending'))
    .filter((item) => item !== undefined)
}

/** How long a writer still waits for others, in milliseconds. */
export interface Budget {
  left: number
}

const nameOf = ({ type, id }: ResourceKey): string => `\`${type}/${id}\``

/** Returns the failure of a write whose `before` is no longer current. */
export const outdated = (prepared: Prepared, now: Pick<Version, 'v'> | undefined) =>
  failure(
    'version-conflict',
    `${nameOf(prepared.key)} was changed meanwhile: expected ${versionName(prepared.write.before)}, found ${versionName(now)}. Read it again and repeat the change.`,
  )

const versionName = (version: Pick<Version, 'v'> | undefined): string =>
  version ? `version ${version.v}` : 'no version'

const contended = (key: ResourceKey) =>
  failure('conflict', `Another transaction is under way on ${nameOf(key)}. Try again in a moment.`)

const readItem = async (session: Session, key: ResourceKey): Promise<ResourceItem | undefined> => {
  const { Item } = await getItem(
    session,
    getParams(session.tables.resources, currentKey(session.tenant, key)),
  )
  return Item as ResourceItem | undefined
}

/** Returns whether to go on waiting: of two transactions that block each other the older one waits longer. */
export const mayWait = (
  { timing }: Session,
  { left }: Budget,
  mine: string | undefined,
  theirs: string,
): boolean => left > (mine !== undefined && theirs < mine ? timing.patience * 0.75 : 0)

/** What is under way on an item. */
interface UnderWay {
  item: ResourceItem | undefined
  txn: string | undefined
  state: State
  /** The item as readers see it. */
  now: ResourceItem | undefined
}

const lookAt = async (session: Session, key: ResourceKey): Promise<UnderWay> => {
  const item = await readItem(session, key)
  const txn = stagedBy(item)
  const state = txn === undefined ? 'committed' : ((await statesOf(session, [txn])).get(txn) ?? 'pending')
  if (txn !== undefined && state === 'unfinished') await finish(session, txn)
  return { item, txn, state, now: standing(item, state) }
}

/** How long a writer still waits, under which transaction, and how often it has tried. */
interface Waiting {
  budget: Budget
  mine: string | undefined
  attempt: number
}

/** Does what can be done about a transaction that stands in the way: settles what it left, ends it, or waits for it. */
const passBy = async (
  session: Session,
  key: ResourceKey,
  { item, txn, state }: UnderWay,
  { budget, mine, attempt }: Waiting,
): Promise<void> => {
  if (!item || txn === undefined || state === 'unfinished') return
  if (state !== 'pending') await settleItem(session, item, txn, state)
  else if (await isAbandoned(session, txn)) await abort(session, txn)
  else if (mayWait(session, budget, mine, txn)) budget.left -= await pause(session, attempt)
  else throw contended(key)
}

/**
 * Returns whether a write was current and has been superseded since: whoever superseded it has put it among the past
 * versions first. That can be only where a call was repeated, whose first answer was lost.
 */
const wasDone = async (session: Session, { key, item }: Prepared): Promise<boolean> => {
  if (session.repeated === 0) return false
  const place = pastKey(session.tenant, key, item.v)
  const { Item } = await getItem(session, getParams(session.tables.resources, place))
  return Item?.w === item.w
}

/**
 * Finds out why a write was refused. Returns `done` when it has in fact succeeded, `free` when nothing stands in its
 * way any more; fails with `version-conflict` or, when another transaction does not finish in time, `conflict`.
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
      throw outdated(prepared, now)
    }
    if (!item || txn === undefined) return 'free'
    await passBy(session, prepared.key, found, { budget, mine, attempt })
  }
}

/**
 * Returns when nothing is under way any more on a resource that must not be deleted; fails with `version-conflict`
 * where it is, with `conflict` when a transaction on it does not finish in time.
 */
export const awaitUndeleted = async (
  session: Session,
  key: ResourceKey,
  budget: Budget,
  mine?: string,
): Promise<void> => {
  for (let attempt = 0; ; attempt++) {
    const found = await lookAt(session, key)
    if (found.now?.deleted) throw failure('version-conflict', `${nameOf(key)} was deleted meanwhile.`)
    if (found.txn === undefined) return
    await passBy(session, key, found, { budget, mine, attempt })
  }
}

/**
 * Returns once a resource is as it was seen and no transaction is under way on it. Fails with `version-conflict` when it
 * has been changed meanwhile, with `conflict` when another transaction does not finish in time.
 */
export const awaitUnchanged = async (
  session: Session,
  { before, ...key }: SeenVersion,
  budget: Budget,
  mine?: string,
): Promise<void> => {
  for (let attempt = 0; ; attempt++) {
    const found = await lookAt(session, key)
    if (found.now?.w !== before?.w) throw failure('version-conflict', `${nameOf(key)} was changed meanwhile.`)
    if (found.txn === undefined) return
    await passBy(session, key, found, { budget, mine, attempt })
  }
}
