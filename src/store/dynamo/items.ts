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

/** What became of a transaction; `unfinished` is committed while its journal may not be carried out to the end. */
export type State = 'pending' | 'unfinished' | 'committed' | 'aborted'

/** A version's own attributes in the `resources` table: the body inline, or the bucket key of a large one. */
export interface Image extends HistoryKeys {
  v: number
  w: string
  t: string
  method: Method
  deleted?: true
  body?: Uint8Array
  s3?: string
  /** The version of the tenant's definitions by which it is indexed; absent where there were none. */
  defs?: number
}

/** An item of the `resources` table. */
export interface ResourceItem extends Key, Image {
  /** On a resource that a large transaction creates: its id, until it is folded in. */
  txn?: string
  /** On a resource that a large transaction changes: the version to come and the transaction's id. */
  next?: Image & { txn: string }
  /** On a resource that a committed transaction has created from its journal: the transaction's id, for good. */
  by?: string
}

/** A write with everything computed that will be stored. */
export interface Prepared {
  write: Write
  key: ResourceKey
  item: ResourceItem
  /** The encoded body, where it goes to the bucket. */
  large?: Uint8Array
}

/** Returns an item without what a transaction in flight has put on it. */
export const plain = ({ txn: _, next: __, by: ___, ...item }: ResourceItem): ResourceItem => item

/** Returns the item as it stands once the transaction that staged on it is committed. */
export const folded = ({ pk, sk, next, txn: _, ...item }: ResourceItem): ResourceItem => {
  if (!next) return { pk, sk, ...item }
  const { txn: __, ...image } = next
  return { pk, sk, ...image }
}

/** Returns the id of the transaction that has staged on the item. */
export const stagedBy = (item: ResourceItem | undefined): string | undefined => item?.txn ?? item?.next?.txn

/** Returns the item that readers may see, given what became of the transaction that staged on it. */
export const standing = (item: ResourceItem | undefined, state: State): ResourceItem | undefined => {
  if (!item || !stagedBy(item)) return item
  if (state === 'committed' || state === 'unfinished') return folded(item)
  return item.txn ? undefined : plain(item)
}

/** Returns the past version's item that keeps what the current item holds. */
export const pastItem = (item: ResourceItem): ResourceItem => ({ ...plain(item), sk: pastSortKey(item.v) })

const storedItems = new WeakMap<Version, ResourceItem>()

/** Turns an item and its text into a Version that remembers its item. */
export const versionOfItem = (item: ResourceItem, text: string): Version => {
  const { type, id } = resourceOfPartition(item.pk)
  const version = { ...headOf({ ...item, type, id, deleted: item.deleted ?? false }), w: item.w, text }
  storedItems.set(version, item)
  return version
}

/** The attributes of a head that an item has under their own names and as they are. */
const stampOf = (version: Omit<VersionHead, 'deleted'>): Omit<VersionHead, 'type' | 'id' | 'deleted'> => {
  const { type: _, id: __, deleted: ___, ...stamp } = headOf({ ...version, deleted: false })
  return stamp
}

const imageOf = (tenant: string, key: ResourceKey, of: Omit<Image, keyof HistoryKeys>): Image => ({
  ...of,
  ...historyKeys(tenant, key, of.v, of.t),
})

/** Returns the item a version was read from; a version made otherwise is encoded anew. */
export const itemOfVersion = (tenant: string, version: Version): ResourceItem => {
  const { w, deleted, text } = version
  const body = deleted ? ({ deleted: true } as const) : { body: encodeBody(text) }
  return (
    storedItems.get(version) ?? {
      ...currentKey(tenant, version),
      ...imageOf(tenant, version, { ...stampOf(version), w, ...body }),
    }
  )
}

const isLarge = (tenant: string, { before }: Write, body: Uint8Array, staged: boolean): boolean => {
  const beside = staged && before ? (itemOfVersion(tenant, before).body?.length ?? 0) : 0
  return body.length + beside > longestInlineBody
}

/** Turns a write into the item it will store; while staged it shares the item with the version before. */
export const prepare = (tenant: string, write: Write, w: string, staged: boolean): Prepared => {
  const { text } = write
  const key = { type: write.type, id: write.id }
  const place = currentKey(tenant, key)
  const stamp = { ...stampOf(write), w }
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
