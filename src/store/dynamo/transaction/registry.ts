import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { journalKey, transactionKey } from '../../keys.ts'
import { openKey, openPartition, stagedKey, stagedPrefix } from '../../open-keys.ts'
import { inChunks } from '../../parallel.ts'
import type { ResourceKey } from '../../port.ts'
import { type BatchRequest, writeAll } from '../batch.ts'
import { beatParams, expireParams, getParams } from '../params.ts'
import { betweenParams } from '../read/query-params.ts'
import {
  deleteItem,
  errorName,
  getItem,
  queryItems,
  removeObject,
  type Session,
  updateItem,
} from '../session.ts'
import { expiry } from './record.ts'

/** The most keys in a row: 2,000 keys of 64 characters stay far below the 400 KB of an item. */
const mostKeysInRow = 2_000

/**
 * The leftovers of a transaction if its writer dies: the resources with staged versions, and whether there is a journal.
 */
export interface Extent {
  staged: readonly ResourceKey[]
  journal: boolean
}

const stagedRows = (
  { tenant, tables }: Session,
  txn: string,
  staged: readonly ResourceKey[],
): BatchRequest[] =>
  inChunks(staged, mostKeysInRow).map((keys, part) => ({
    table: tables.system,
    put: {
      ...stagedKey(tenant, txn, part),
      keys: deflateRawSync(JSON.stringify(keys.map(({ type, id }) => [type, id]))),
    },
  }))

/**
 * Registers a transaction before any write is staged, so that the sweep finds its leftovers if its writer dies. The
 * registration must be durable before the record that commits the transaction.
 */
export const registerTransaction = (
  session: Session,
  txn: string,
  { staged, journal }: Extent,
): Promise<void> => {
  const entry = {
    ...openKey(session.tenant, txn),
    beat: 0,
    rows: Math.ceil(staged.length / mostKeysInRow),
    journal,
  }
  const { system } = session.tables
  return writeAll(session, [{ table: system, put: entry }, ...stagedRows(session, txn, staged)])
}

const ifThere = async (call: Promise<unknown>): Promise<void> => {
  try {
    await call
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
  }
}

/**
 * Runs the work that precedes a transaction's record, and meanwhile shows the processes that watch the transaction that
 * its writer is alive: five signs of life per lease.
 */
export const beating = async <T>(session: Session, txn: string, work: Promise<T>): Promise<T> => {
  const key = openKey(session.tenant, txn)
  const beat = () =>
    ifThere(updateItem(session, beatParams(session.tables.system, key))).catch(() => undefined)
  const timer = setInterval(beat, session.timing.lease / 5)
  try {
    return await work
  } finally {
    clearInterval(timer)
  }
}

/** Returns the number of signs of life of a transaction's writer; -1 if the transaction is not registered. */
export const beatOf = async (session: Session, txn: string): Promise<number> => {
  const { Item } = await getItem(session, getParams(session.tables.system, openKey(session.tenant, txn)))
  return Number(Item?.beat ?? -1)
}

/** A registered transaction. */
export interface OpenTransaction {
  txn: string
  rows: number
  journal: boolean
}

const registryPageSize = 1000

/** Returns every transaction that is registered and not closed: only these can have leftovers. */
export const openTransactions = async (session: Session): Promise<OpenTransaction[]> => {
  const found: OpenTransaction[] = []
  let after: string | undefined
  do {
    const range = { reverse: false, limit: registryPageSize, ...(after !== undefined && { after }) }
    const params = betweenParams(session.tables.system, openPartition(session.tenant), range)
    const { Items = [], LastEvaluatedKey } = await queryItems(session, params)
    found.push(
      ...Items.map(({ sk, rows, journal }) => ({
        txn: String(sk),
        rows: Number(rows),
        journal: journal === true,
      })),
    )
    after = LastEvaluatedKey?.sk
  } while (after !== undefined)
  return found
}

/** Returns the resources that a registered transaction stages on. */
export const stagedKeysOf = async (session: Session, txn: string): Promise<ResourceKey[]> => {
  const { pk } = transactionKey(session.tenant, txn)
  const found: ResourceKey[] = []
  let after: string | undefined
  do {
    const range = {
      from: stagedPrefix,
      reverse: false,
      limit: registryPageSize,
      ...(after !== undefined && { after }),
    }
    const { Items = [], LastEvaluatedKey } = await queryItems(
      session,
      betweenParams(session.tables.system, pk, range),
    )
    for (const { keys } of Items) {
      const pairs = JSON.parse(inflateRawSync(keys as Uint8Array).toString()) as [string, string][]
      found.push(...pairs.map(([type, id]) => ({ type, id })))
    }
    after = LastEvaluatedKey?.sk
  } while (after !== undefined)
  return found
}

const removals = ({ tenant, tables }: Session, { txn, rows }: OpenTransaction): BatchRequest[] =>
  Array.from({ length: rows }, (_, part) => ({ table: tables.system, remove: stagedKey(tenant, txn, part) }))

/**
 * Closes a transaction that has ended, after all its items are folded or removed and its journal is carried out: its
 * record may then expire, its journal is removed, and last its registration. After an interruption the transaction is
 * still registered, and the next sweep closes it.
 */
export const closeTransaction = async (session: Session, open: OpenTransaction): Promise<void> => {
  const { tables, tenant } = session
  const { txn, journal } = open
  const record = transactionKey(tenant, txn)
  await ifThere(updateItem(session, expireParams(tables.system, record, expiry(session))))
  await Promise.all([
    journal ? removeObject(session, journalKey(tenant, txn)) : undefined,
    writeAll(session, removals(session, open)),
  ])
  await deleteItem(session, { TableName: tables.system, Key: openKey(tenant, txn) })
}

/** Returns the registered transaction that `registerTransaction` makes of an extent. */
export const openTransactionOf = (txn: string, { staged, journal }: Extent): OpenTransaction => ({
  txn,
  rows: Math.ceil(staged.length / mostKeysInRow),
  journal,
})
