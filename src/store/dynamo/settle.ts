import { failure } from '../../outcome/failure.ts'
import { currentKey } from '../keys.ts'
import type { ResourceKey, Version } from '../port.ts'
import { folded, type Prepared, type ResourceItem, type State, stagedBy, standing } from './items.ts'
import { finish } from './journal.ts'
import { foldParams, foldStatement, getParams, unstageNewParams, unstageNextParams } from './params.ts'
import {
  deleteItem,
  errorName,
  executeStatements,
  getItem,
  pause,
  putItem,
  type Session,
  updateItem,
} from './session.ts'
import { end, isOverdue, statesOf } from './transactions.ts'

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
    if (isOverdue(session, txn)) await settleItem(session, item, txn, states.get(txn) ?? 'pending')
  })
  await Promise.allSettled(settling)
}

/** By then a journal is carried out: the stream tells the janitor of every one that is begun. */
const longestJournal = 24 * 3600 * 1000

const createdBy = ({ clock }: Session, { by, t }: ResourceItem): string | undefined =>
  clock.now() - Date.parse(t) < longestJournal ? by : undefined

const distinct = (txns: readonly (string | undefined)[]): string[] => [
  ...new Set(txns.filter((txn) => txn !== undefined)),
]

/**
 * Returns the items as readers may see them; what a writer has left behind after its lease is settled on the way.
 * Returns undefined when the items must be read again: the rest of what a transaction has created was missing.
 */
export const settled = async (
  session: Session,
  items: readonly ResourceItem[],
): Promise<ResourceItem[] | undefined> => {
  const staged = items.filter(stagedBy)
  const txns = distinct([...staged.map(stagedBy), ...items.map((item) => createdBy(session, item))])
  if (txns.length === 0) return [...items]
  const states = await statesOf(session, txns)
  const unfinished = txns.filter((txn) => states.get(txn) === 'unfinished')
  await Promise.all(unfinished.map((txn) => finish(session, txn)))
  if (unfinished.length > 0) return undefined
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
  else if (isOverdue(session, txn)) await end(session, txn, 'aborted')
  else if (mayWait(session, budget, mine, txn)) budget.left -= await pause(session, attempt)
  else throw contended(key)
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
    if ((txn === undefined && item?.w === prepared.item.w) || (txn !== undefined && txn === mine))
      return 'done'
    if (now?.w !== prepared.write.before?.w) throw outdated(prepared, now)
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
