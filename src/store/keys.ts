import { createHash } from 'node:crypto'
import type { List, ResourceKey } from './port.ts'
import type { SpanClass } from './spans.ts'

/**
 * Every key and every list name is spelled here and nowhere else. `|` cannot occur in a tenant, a type, an id or a
 * parameter's code; `end` sorts below every character of an order, so that items sort by order first, then by write.
 */

const afterEveryOrder = '\u0001'

/** A table's primary key. */
export interface Key {
  pk: string
  sk: string
}

/** Returns a text that identifies a key within its table. */
export const textOfKey = ({ pk, sk }: Key): string => `${pk}\n${sk}`

/** The number of partitions of each kind of list: a list that every write of a moment adds to needs several. */
export const shardCounts = {
  listing: 4,
  compartment: 1,
  date: 4,
  number: 4,
  quantity: 4,
  string: 1,
  token: 4,
  identifier: 1,
  reference: 1,
  uri: 1,
  'by-type': 4,
  'by-time': 4,
} as const

/** The kinds of value an equality list can hold; a kind decides the list's shards. */
export type ValueKind = 'token' | 'identifier' | 'reference' | 'uri' | 'string'

/** The kinds of value a range list can hold. */
export type RangeKind = 'date' | 'number' | 'quantity'

const longestValue = 200
const longestKeyedOrder = 600

const shortenedValue = (text: string, bytes: number): string => {
  const whole = Buffer.from(text)
  if (whole.length <= bytes) return text
  let at = bytes
  while (((whole[at] ?? 0) & 0xc0) === 0x80) at--
  return whole.toString('utf8', 0, at)
}

/** Returns the SHA-256 of a text as 43 characters of base64url. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url')

/** Returns the value for a key: a value above 200 bytes is replaced by its beginning and its hash. */
export const keyValue = (value: string): string =>
  Buffer.byteLength(value) <= longestValue ? value : `${shortenedValue(value, 160)}#${hashOf(value)}`

const list = (name: string, kind: keyof typeof shardCounts): List => ({ name, shards: shardCounts[kind] })

/** Returns the list of resources whose parameter has exactly this value. */
export const valueList = (type: string, parameter: string, value: string, kind: ValueKind = 'token'): List =>
  list(`${type}|${parameter}|${keyValue(value)}`, parameter === 'identifier' ? 'identifier' : kind)

/** Returns the list of a parameter's values in order. */
export const rangeList = (type: string, parameter: string, kind: RangeKind = 'date'): List =>
  list(`${type}|${parameter}`, kind)

/** Returns the list of a string parameter's normalised values that begin with this character. */
export const stringList = (type: string, parameter: string, firstCharacter: string): List =>
  list(`${type}|${parameter}^${firstCharacter}`, 'string')

/** Returns the list of all resources of a type. */
export const typeList = (type: string): List => list(type, 'listing')

/** Returns the list of a type's resources in the order of their last change. */
export const lastUpdatedList = (type: string): List => rangeList(type, '_lastUpdated')

/** Returns the list of everything in a patient's compartment. */
export const patientList = (id: string): List => list(`patient|${id}`, 'compartment')

/** Returns the side list for a list's long intervals of a class. */
export const sideList = (beside: List, span: SpanClass): List => ({
  ...beside,
  name: `~${span}|${beside.name}`,
})

/** Returns the list for contained resources that corresponds to a list for stored resources. */
export const innerList = (of: List): List => ({ ...of, name: `#${of.name}` })

/** Returns the shard of a text, among a number of shards. */
export const shardOf = (text: string, shards: number): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % shards
}

/** Returns the partition of a shard of a list. */
export const listPartition = (tenant: string, name: string, shard: number): string =>
  `${tenant}|${name}|${shard}`

/** Returns an order in the form that a key can hold. */
export const keyOrder = (order: string): string => shortenedValue(order, longestKeyedOrder)

/**
 * Returns the key of the index item of a write at a place of a list; `nth` separates several entries of a resource there.
 */
export const entryKey = (tenant: string, { name, shards }: List, order: string, w: string, nth = 0): Key => {
  const item = nth === 0 ? w : `${w}~${nth}`
  return {
    pk: listPartition(tenant, name, shardOf(item, shards)),
    sk: `${keyOrder(order)}${afterEveryOrder}${item}`,
  }
}

const upperBound = (to: string): string => {
  const short = shortenedValue(to, longestKeyedOrder)
  return short === to ? to || afterEveryOrder : `${short}${afterEveryOrder}\uffff`
}

/** Returns the sort keys around a range of orders, `from` inclusive, `to` exclusive; neither is empty. */
export const orderBounds = (from?: string, to?: string): { from?: string; to?: string } => ({
  ...(from && { from: shortenedValue(from, longestKeyedOrder) }),
  ...(to !== undefined && { to: upperBound(to) }),
})

/** Returns whether a text sorts below another as DynamoDB sorts: by their bytes. */
export const isBelow = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0

/** Turns an index item's sort key back into the order and the write id. */
export const entryPlace = (sk: string): { order: string; w: string } => {
  const at = sk.lastIndexOf(afterEveryOrder)
  return { order: sk.slice(0, at), w: sk.slice(at + 1).replace(/~\d+$/, '') }
}

const current = '#'
const past = 'v|'

/** Returns the partition of a resource, with all its versions. */
export const resourcePartition = (tenant: string, { type, id }: ResourceKey): string =>
  `${tenant}|${type}|${id}`

/** Returns the key of a resource's current version. */
export const currentKey = (tenant: string, key: ResourceKey): Key => ({
  pk: resourcePartition(tenant, key),
  sk: current,
})

/** Returns the sort key of a past version. */
export const pastSortKey = (v: number): string => `${past}${String(v).padStart(10, '0')}`

/** Returns the key of a past version of a resource. */
export const pastKey = (tenant: string, key: ResourceKey, v: number): Key => ({
  pk: resourcePartition(tenant, key),
  sk: pastSortKey(v),
})

/** Returns whether a sort key is the current version's. */
export const isCurrent = (sk: string): boolean => sk === current

/** Turns a resource's partition back into tenant, type and id. */
export const resourceOfPartition = (pk: string): ResourceKey & { tenant: string } => {
  const [tenant = '', type = '', id = ''] = pk.split('|')
  return { tenant, type, id }
}

/** Returns the day of an instant, `2026-11-21`. */
export const dayOfInstant = (t: string): string => t.slice(0, 10)

/** Returns the partition of a shard of a type's history. */
export const typePartition = (tenant: string, type: string, shard: number): string =>
  `${tenant}|${type}|${shard}`

/** Returns the partition of a shard of a day's history. */
export const dayPartition = (tenant: string, date: string, shard: number): string =>
  `${tenant}|${date}|${shard}`

/** The attributes by which the indexes `by-type` and `by-time` order versions. */
export interface HistoryKeys {
  tpk: string
  tsk: string
  dpk: string
  dsk: string
}

/** Returns where a version stands in the type's and the tenant's history. */
export const historyKeys = (
  tenant: string,
  { type, id }: ResourceKey,
  v: number,
  t: string,
): HistoryKeys => ({
  tpk: typePartition(tenant, type, shardOf(id, shardCounts['by-type'])),
  tsk: `${t}|${id}|${v}`,
  dpk: dayPartition(tenant, dayOfInstant(t), shardOf(id, shardCounts['by-time'])),
  dsk: `${t}|${type}|${id}|${v}`,
})

/** Returns the version number at the end of a `tsk` or `dsk`. */
export const versionOfKey = (sortKey: string): number => Number(sortKey.slice(sortKey.lastIndexOf('|') + 1))

/** Returns the key of a transaction's record: absent while pending, else `committed` or `aborted`. */
export const transactionKey = (tenant: string, txn: string): Key => ({
  pk: `${tenant}|txn|${txn}`,
  sk: current,
})

/**
 * Returns the key of a row that lists members of a write of several resources: all members, or the nth part of a type's.
 */
export const memberKey = (tenant: string, list: string, type?: string, part = 0): Key => ({
  pk: `${tenant}|wrote|${list}`,
  sk: type === undefined ? current : `${type}|${part}`,
})

/** Returns the key of a row of superseded versions that are due for removal at an instant; a tenant's share a partition. */
export const supersededKey = (tenant: string, due: string, name: string): Key => ({
  pk: `${tenant}|superseded`,
  sk: `${due}|${name}`,
})

/** Returns the key of the lock on a name. */
export const lockKey = (tenant: string, name: string): Key => ({
  pk: `${tenant}|lock|${hashOf(name)}`,
  sk: current,
})

/** Returns the key of the result of a request with an idempotency key. */
export const onceKey = (tenant: string, name: string): Key => ({
  pk: `${tenant}|once|${hashOf(name)}`,
  sk: current,
})

/** Returns the key of a tenant's announcement. */
export const announcementKey = (tenant: string): Key => ({ pk: `${tenant}|announcement`, sk: current })

/** Returns the key of a tenant's definitions. */
export const definitionsKey = (tenant: string): Key => ({ pk: `${tenant}|definitions`, sk: current })

/** Returns the key of the text of definitions. */
export const definitionsTextKey = (tenant: string, name: string): Key => ({
  pk: `${tenant}|definitions`,
  sk: `text|${name}`,
})

/** Returns the key of the mark that a build has written for a tenant; a tenant's builds share a partition. */
export const buildKey = (tenant: string, print: string): Key => ({ pk: `${tenant}|builds`, sk: print })

/** Returns where in the bucket a tenant's definitions are read by who may read nothing else. */
export const publishedKey = (tenant: string): string => `definitions/${tenant}.json`

/** Returns the bucket key under which a tenant's announcement is published. */
export const publishedAnnouncementKey = (tenant: string): string => `definitions/${tenant}/announcement.json`

/** Returns the key of a tenant's notes on work in the background. */
export const progressKey = (tenant: string, name: string): Key => ({
  pk: `${tenant}|progress|${name}`,
  sk: current,
})

/** Returns the bucket key for the result of a request with an idempotency key, if the result is too large for an item. */
export const onceObjectKey = (tenant: string, txn: string): string => `once/${tenant}/${txn}`
/** Returns the key of the mark that a day has history; a tenant's days share a partition. */
export const dayKey = (tenant: string, date: string): Key => ({ pk: `${tenant}|days`, sk: date })

/** Returns the partition of the labels that a tenant's resources have had. */
export const labelsPartition = (tenant: string): string => `${tenant}|labels`

/** Returns the key of the mark that resources of a type have had a label. */
export const labelKey = (tenant: string, type: string, hash: string): Key => ({
  pk: labelsPartition(tenant),
  sk: `${type}|${hash}`,
})

/** Returns where in the bucket a body goes that is too large for an item. */
export const bodyKey = (tenant: string, { type, id }: ResourceKey, w: string): string =>
  `bodies/${tenant}/${type}/${id}/${w}`

/** Returns where in the bucket a transaction's journal goes. */
export const journalKey = (tenant: string, txn: string): string => `journal/${tenant}/${txn}`

/** Returns where in the bucket a posted Bundle is kept. */
export const bundleKey = (tenant: string, t: string, id: string): string =>
  `archive/bundles/${tenant}/${dayOfInstant(t)}/${id}.json.gz`

/** Returns the prefix of the bucket keys of a tenant's purge notes, of one resource or of all. */
export const purgedPrefix = (tenant: string, of?: ResourceKey): string =>
  `archive/purged/${tenant}/${of ? `${of.type}/${of.id}/` : ''}`

/** Returns the bucket key of the note that a resource's versions before an instant were purged. */
export const purgedKey = (tenant: string, key: ResourceKey, until: string): string =>
  `${purgedPrefix(tenant, key)}${until}.json`

/** Returns the resource and the instant of a purge note's key. */
export const purgedAt = (key: string): ResourceKey & { until: string } => {
  const [type = '', id = '', file = ''] = key.split('/').slice(3)
  return { type, id, until: file.replace(/\.json$/, '') }
}

/** Returns the beginning of the bucket keys of a tenant's archived resources. */
export const archivePrefix = (tenant: string): string => `archive/resources/${tenant}/`

/** Returns the bucket key of the archive file for a batch of a type's versions of a day. */
export const archiveKey = (tenant: string, type: string, date: string, batch: string): string =>
  `${archivePrefix(tenant)}${type}/${date}/${batch}.ndjson.gz`

/** The keys of records that failed: as Lambda keeps them that gave up on them, and as the stream function sets them aside. */
export const failedPrefixes = ['aws/lambda/', 'failed/'] as const

/** Returns where in the bucket a stream record is set aside that cannot be archived. */
export const failedKey = (sequence: string): string => `${failedPrefixes[1]}${sequence}.json`
