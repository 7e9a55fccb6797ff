import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { onceKey, onceObjectKey } from '../keys.ts'
import type { IdempotencyRecord, Lock } from '../port.ts'
import { getParams } from './params.ts'
import { getItem, getObject, putItem, putObject, type Session } from './session.ts'
import { finishJournal } from './transaction/journal.ts'
import { recordedState, shortExpiry } from './transaction/record.ts'

/** The most bytes of a deflated result within an item, whose limit is 400 KB. */
const mostInItem = 300_000

interface IdempotencyItem {
  txn: string
  print: string
  /** The deflated result; absent if stored in the bucket. */
  result?: Uint8Array
}

/** Keeps the result that a commit under the lock is going to have, valid once the lock's transaction is committed. */
export const keepResult = async (
  session: Session,
  name: string,
  { txn }: Lock,
  { print, result }: IdempotencyRecord,
): Promise<void> => {
  const { tenant, tables } = session
  const bytes = deflateRawSync(result)
  const isLarge = bytes.length > mostInItem
  if (isLarge) await putObject(session, onceObjectKey(tenant, txn), bytes)
  const item = { txn, print, ttl: shortExpiry(session), ...(isLarge ? {} : { result: bytes }) }
  await putItem(session, { TableName: tables.system, Item: { ...onceKey(tenant, name), ...item } })
}

/** Returns the result of the request with this name; undefined if no request with this name was committed. */
export const keptResult = async (session: Session, name: string): Promise<IdempotencyRecord | undefined> => {
  const { tenant, tables } = session
  const { Item } = await getItem(session, getParams(tables.system, onceKey(tenant, name)))
  if (!Item) return undefined
  const { txn, print, result } = Item as IdempotencyItem
  const state = await recordedState(session, txn)
  if (state === 'unfinished') await finishJournal(session, txn)
  if (state !== 'committed' && state !== 'unfinished') return undefined
  const bytes = result ?? (await getObject(session, onceObjectKey(tenant, txn)))
  return { print, result: inflateRawSync(bytes).toString() }
}
