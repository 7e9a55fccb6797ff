import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { onceKey, onceObjectKey } from '../keys.ts'
import type { IdempotencyRecord, Lock } from '../port.ts'
import { getParams } from './params.ts'
import { getItem, getObject, putItem, putObject, type Session } from './session.ts'
import { finish } from './transaction/journal.ts'
import { recordedState, shortExpiry } from './transaction/record.ts'

/** Well below the 400 KB that an item may have. */
const mostInItem = 300_000

interface OnceItem {
  txn: string
  print: string
  /** The result, deflated; absent where it is in the bucket. */
  result?: Uint8Array
}

/** Notes what a commit under the lock will come to. */
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

/** Returns what a named request came to; undefined where there was none or it was not committed. */
export const keptResult = async (session: Session, name: string): Promise<IdempotencyRecord | undefined> => {
  const { tenant, tables } = session
  const { Item } = await getItem(session, getParams(tables.system, onceKey(tenant, name)))
  if (!Item) return undefined
  const { txn, print, result } = Item as OnceItem
  const state = await recordedState(session, txn)
  if (state === 'unfinished') await finish(session, txn)
  if (state !== 'committed' && state !== 'unfinished') return undefined
  const bytes = result ?? (await getObject(session, onceObjectKey(tenant, txn)))
  return { print, result: inflateRawSync(bytes).toString() }
}
