import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { journalKey, transactionKey } from '../../keys.ts'
import { openKey, openPartition, stagedKey, stagedPrefix } from '../../open-keys.ts'
import { inChunks } from '../../parallel.ts'
import type { ResourceKey } from '../../port.ts'
import { type BatchRequest, writeAll } from '../batch.ts'
import { beatParams, expireParams, getParams } from '../params.ts'
import { betweenParams } from '../read/query-params.ts'
import { deleteItem, errorName, getItem, query, removeObject, type Session, updateItem } from '../session.ts'
import { expiry } from './record.ts'

/** So many keys of 64 characters stay far below the 400 KB of an item. */
const mostInRow = 2_000

/** What a transaction has left to clear up: resources it has staged on, and whether it keeps a journal. */
export interface Extent {
  staged: readonly ResourceKey[]
  journal: boolean
}

const rowsOf = ({ tenant, tables }: Session, txn: string, staged: readonly ResourceKey[]): BatchRequest[] =>
  inChunks(staged, mostInRow).map((keys, part) => ({
    table: tables.system,
    put: {
      ...stagedKey(tenant, txn, part),
      keys: deflateRawSync(JSON.stringify(keys.map(({ type, id }) => [type, id]))),
    },
  }))

/**
 * Registers a transaction that is about to be staged: from then on its leftovers are found, whoever dies. It must be
 * durable before the record that commits the transaction.
 */
export const register = (session: Session, txn: string, { staged, journal }: Extent): Promise<void> => {
  const entry = {
    ...openKey(session.tenant, txn),
    beat: 0,
    rows: Math.ceil(staged.length / mostInRow),
    journal,
  }
  const { system } = session.tables
  return writeAll(session, [{ table: system, put: entry }, ...rowsOf(session, txn, staged)])
}

const ifThere = async (call: Promise<unknown>): Promise<void> => {
  try {
    await call
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
  }
}

/** Runs the work that comes before a transaction's record, and meanwhile shows those who watch it that its writer lives. */
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

/** Returns how often the writer of a transaction has shown that it lives; -1 where it is not registered. */
export const beatOf = async (session: Session, txn: string): Promise<number> => {
  const { Item } = await getItem(session, getParams(session.tables.system, openKey(session.tenant, txn)))
  return Number(Item?.beat ?? -1)
}

/** A registered transaction. */
export interface Open {
  txn: string
  rows: number
  journal: boolean
}

const pageSize = 1000

/** Returns every transaction that is registered and not closed: nobody else can have left anything of it behind. */
export const openTransactions = async (session: Session): Promise<Open[]> => {
  const found: Open[] = []
  let after: string | undefined
  do {
    const range = { reverse: false, limit: pageSize, ...(after !== undefined && { after }) }
    const params = betweenParams(session.tables.system, openPartition(session.tenant), range)
    const { Items = [], LastEvaluatedKey } = await query(session, params)
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

/** Returns the resources that a registered transaction was going to stage on. */
export const stagedKeysOf = async (session: Session, txn: string): Promise<ResourceKey[]> => {
  const { pk } = transactionKey(session.tenant, txn)
  const found: ResourceKey[] = []
  let after: string | undefined
  do {
    const range = {
      from: stagedPrefix,
      reverse: false,
      limit: pageSize,
      ...(after !== undefined && { after }),
    }
    const { Items = [], LastEvaluatedKey } = await query(
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

const removals = ({ tenant, tables }: Session, { txn, rows }: Open): BatchRequest[] =>
  Array.from({ length: rows }, (_, part) => ({ table: tables.system, remove: stagedKey(tenant, txn, part) }))

/**
 * Closes a transaction that has ended and of which nothing is staged or still to be created: its record may end, then
 * its journal goes, and last of all its registration. An interruption leaves it registered, and the next sweep closes it.
 */
export const close = async (session: Session, open: Open): Promise<void> => {
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

/** Returns what `register` has registered, for `close`. */
export const openOf = (txn: string, { staged, journal }: Extent): Open => ({
  txn,
  rows: Math.ceil(staged.length / mostInRow),
  journal,
})
