import { headOf, type VersionHead } from '../archive/head.ts'
import {
  bodyKey,
  currentKey,
  type HistoryKeys,
  historyKeys,
  type Key,
  pastSortKey,
  resourceOfPartition,
} from '../keys.ts'
import { encodeBody, longestInlineBody } from '../objects/body.ts'
import type { Method, ResourceKey, Version, Write } from '../port.ts'

/** The state of a transaction; `unfinished` is committed with a journal that may not be carried out to the end yet. */
export type TransactionState = 'pending' | 'unfinished' | 'committed' | 'aborted'

/**
 * A version's own attributes in the `resources` table, with the body inline or, for a large body, its key in the bucket.
 */
export interface Image extends HistoryKeys {
  v: number
  w: string
  t: string
  method: Method
  deleted?: true
  body?: Uint8Array
  s3?: string
  /** The version of the tenant's definitions that the resource is indexed under; absent if the tenant had none. */
  defs?: number
}

/** An item of the `resources` table. */
export interface ResourceItem extends Key, Image {
  /** On a resource that a large transaction creates: the transaction's id, until the item is folded. */
  txn?: string
  /** On a resource that a large transaction changes: the version to come and the transaction's id. */
  next?: Image & { txn: string }
  /** On a resource that a committed transaction has created from its journal: the transaction's id, for good. */
  by?: string
}

/** A write with all computed attributes of its item. */
export interface Prepared {
  write: Write
  key: ResourceKey
  item: ResourceItem
  /** The encoded body, if stored in the bucket. */
  large?: Uint8Array
}

/** Returns an item without the attributes of a transaction. */
export const withoutStaged = ({ txn: _, next: __, by: ___, ...item }: ResourceItem): ResourceItem => item

/**
 * Returns the item after the transaction that staged on it is committed: the staged version in place of the current
 * version.
 */
export const foldedItem = ({ pk, sk, next, txn: _, ...item }: ResourceItem): ResourceItem => {
  if (!next) return { pk, sk, ...item }
  const { txn: __, ...image } = next
  return { pk, sk, ...image }
}

/** Returns the id of the transaction that has staged on the item. */
export const stagedBy = (item: ResourceItem | undefined): string | undefined => item?.txn ?? item?.next?.txn

/**
 * Returns the item that readers may see, by the state of the transaction that staged on it; undefined for a new resource
 * that is not committed.
 */
export const visibleItem = (
  item: ResourceItem | undefined,
  state: TransactionState,
): ResourceItem | undefined => {
  if (!item || !stagedBy(item)) return item
  if (state === 'committed' || state === 'unfinished') return foldedItem(item)
  return item.txn ? undefined : withoutStaged(item)
}

/** Returns the item under which the current version is kept as a past version. */
export const pastItem = (item: ResourceItem): ResourceItem => ({
  ...withoutStaged(item),
  sk: pastSortKey(item.v),
})

const storedItems = new WeakMap<Version, ResourceItem>()

/** Turns an item and its text into a version, for which `itemOfVersion` returns the same item. */
export const versionOfItem = (item: ResourceItem, text: string): Version => {
  const { type, id } = resourceOfPartition(item.pk)
  const version = { ...headOf({ ...item, type, id, deleted: item.deleted ?? false }), w: item.w, text }
  storedItems.set(version, item)
  return version
}

/** Returns the attributes of a head that an item holds unchanged, under the same names. */
const itemHead = (version: Omit<VersionHead, 'deleted'>): Omit<VersionHead, 'type' | 'id' | 'deleted'> => {
  const { type: _, id: __, deleted: ___, ...stamp } = headOf({ ...version, deleted: false })
  return stamp
}

const imageOf = (tenant: string, key: ResourceKey, of: Omit<Image, keyof HistoryKeys>): Image => ({
  ...of,
  ...historyKeys(tenant, key, of.v, of.t),
})

/** Returns the item that a version was read from; the item of any other version is encoded anew. */
export const itemOfVersion = (tenant: string, version: Version): ResourceItem => {
  const { w, deleted, text } = version
  const body = deleted ? ({ deleted: true } as const) : { body: encodeBody(text) }
  return (
    storedItems.get(version) ?? {
      ...currentKey(tenant, version),
      ...imageOf(tenant, version, { ...itemHead(version), w, ...body }),
    }
  )
}

const isLarge = (tenant: string, { before }: Write, body: Uint8Array, staged: boolean): boolean => {
  const beside = staged && before ? (itemOfVersion(tenant, before).body?.length ?? 0) : 0
  return body.length + beside > longestInlineBody
}

/**
 * Turns a write into its item. A staged body shares the item with the body of the version before: the sum decides whether
 * the body is stored in the bucket.
 */
export const prepare = (tenant: string, write: Write, w: string, staged: boolean): Prepared => {
  const { text } = write
  const key = { type: write.type, id: write.id }
  const place = currentKey(tenant, key)
  const stamp = { ...itemHead(write), w }
  if (text === undefined) {
    return { write, key, item: { ...place, ...imageOf(tenant, key, { ...stamp, deleted: true }) } }
  }
  const body = encodeBody(text)
  if (!isLarge(tenant, write, body, staged)) {
    return { write, key, item: { ...place, ...imageOf(tenant, key, { ...stamp, body }) } }
  }
  const s3 = bodyKey(tenant, key, w)
  return { write, key, item: { ...place, ...imageOf(tenant, key, { ...stamp, s3 }) }, large: body }
}
