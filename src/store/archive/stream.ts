// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html

import type { Image, ResourceItem } from '../dynamo/items.ts'
import { archiveKey, dayOfInstant, hashOf, isCurrent, resourceOfPartition } from '../keys.ts'
import { decodeBody } from '../objects/body.ts'
import { isAbsent } from '../objects/bucket.ts'
import { inParallel } from '../parallel.ts'
import type { ResourceKey } from '../port.ts'
import type { Archive } from './archive.ts'
import { headOf } from './head.ts'
import { type ArchivedVersion, archiveLine } from './line.ts'
import { wasPurged } from './purged.ts'

/** A DynamoDB attribute value; binary values are base64 from Lambda, bytes from the SDK. */
export interface StreamValue {
  S?: string | undefined
  N?: string | undefined
  B?: string | Uint8Array | undefined
  BOOL?: boolean | undefined
  M?: Record<string, StreamValue> | undefined
}

/** The members of a stream record that this project reads, from Lambda's event or from the SDK. */
export interface StreamRecord {
  dynamodb?:
    | {
        OldImage?: Record<string, StreamValue> | undefined
        NewImage?: Record<string, StreamValue> | undefined
        SequenceNumber?: string | undefined
        /** To the second; Lambda passes a number of seconds since 1970, the SDK a date. */
        ApproximateCreationDateTime?: number | Date | undefined
      }
    | undefined
}

/** A version that nobody finds any more, with the write id its index entries were put under. */
export interface LostVersion extends ResourceKey {
  tenant: string
  v: number
  w: string
  t: string
  text: string
}

/** A version that was current until the record's own time, in milliseconds. */
export interface SupersededVersion extends ResourceKey {
  tenant: string
  v: number
  w: string
  until: number
}

/** A file of the archive: its key, its text, and the versions of its lines. */
export interface ArchiveFile {
  key: string
  text: string
  of: readonly ArchivedVersion[]
}

/** The large bodies that are read at once, and the files that are written at once. */
const bodiesAtOnce = 16
const filesAtOnce = 16

const plainValue = ({ S, N, B, BOOL, M }: StreamValue): unknown => {
  if (N !== undefined) return Number(N)
  if (B !== undefined) return typeof B === 'string' ? Buffer.from(B, 'base64') : B
  return M ? plainAttributes(M) : (S ?? BOOL)
}

const plainAttributes = (image: Record<string, StreamValue>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(image).map(([name, value]) => [name, plainValue(value)]))

const itemOf = (image: Record<string, StreamValue> | undefined): ResourceItem | undefined => {
  const item = image && (plainAttributes(image) as unknown as ResourceItem)
  return item && isCurrent(item.sk) ? item : undefined
}

interface ItemChange {
  before: ResourceItem | undefined
  after: ResourceItem | undefined
}

const itemChangesOf = (records: readonly StreamRecord[]): ItemChange[] =>
  records.map(({ dynamodb }) => ({ before: itemOf(dynamodb?.OldImage), after: itemOf(dynamodb?.NewImage) }))

/** Returns the items that these records show to have become current: flips and folds, no copies, nothing staged. */
export const committedItems = (records: readonly StreamRecord[]): ResourceItem[] =>
  itemChangesOf(records).flatMap(({ before, after }) =>
    after && !after.txn && (before?.w !== after.w || before.txn) ? [after] : [],
  )

/** Returns the transactions whose journals these records show to be begun, each once. */
export const journalsIn = (records: readonly StreamRecord[]): { tenant: string; txn: string }[] => {
  const begun = itemChangesOf(records).flatMap(({ before, after }) =>
    after?.by !== undefined && !before
      ? [{ tenant: resourceOfPartition(after.pk).tenant, txn: after.by }]
      : [],
  )
  return [...new Map(begun.map((one) => [`${one.tenant}|${one.txn}`, one])).values()]
}

const stagedIn = (item: ResourceItem | undefined): Image | undefined => (item?.txn ? item : item?.next)

/** Returns the images that these records show to be staged no more without having become current. */
const abortedImages = (records: readonly StreamRecord[]): { pk: string; image: Image }[] =>
  itemChangesOf(records).flatMap(({ before, after }) => {
    const image = stagedIn(before)
    const isThere = image?.w === after?.w || image?.w === after?.next?.w
    return before && image && !isThere ? [{ pk: before.pk, image }] : []
  })

const recordInstant = (time: number | Date | undefined): number =>
  time instanceof Date ? time.getTime() : (time ?? 0) * 1000

/**
 * Returns the versions that are no longer current by these records. Deletions are left out: they have no
 * index entries.
 */
export const supersededVersions = (records: readonly StreamRecord[]): SupersededVersion[] =>
  itemChangesOf(records).flatMap(({ before, after }, at) => {
    if (!before || before.txn || before.deleted || before.w === after?.w) return []
    const until = recordInstant(records[at]?.dynamodb?.ApproximateCreationDateTime)
    return [{ ...resourceOfPartition(before.pk), v: before.v, w: before.w, until }]
  })

type BodyArchive = Pick<Archive, 'body' | 'keys'>

/** Returns an image's text; undefined where its body went to the bucket and was purged since. */
const imageTextOf = async (
  key: ResourceKey & { tenant: string },
  { deleted, body, s3, t }: Image,
  archive: BodyArchive,
): Promise<string | undefined> => {
  if (deleted) return ''
  if (body) return decodeBody(body)
  try {
    return await archive.body(s3 ?? '')
  } catch (error) {
    // A purge notes what it is about to do before it removes a body.
    if (isAbsent(error) && (await wasPurged(archive, { ...key, t }))) return undefined
    throw error
  }
}

/** Returns these images with their texts; deletions, and large ones that were purged, are left out. */
export const withTexts = async (
  images: readonly { pk: string; image: Image }[],
  archive: BodyArchive,
): Promise<LostVersion[]> => {
  const live = images.filter(({ image }) => !image.deleted)
  const versions = await inParallel(bodiesAtOnce, live, async ({ pk, image }) => {
    const key = resourceOfPartition(pk)
    const text = await imageTextOf(key, image, archive)
    return text === undefined ? undefined : { ...key, v: image.v, w: image.w, t: image.t, text }
  })
  return versions.filter((version) => version !== undefined)
}

/** Returns the versions that never became current with their texts, as `withTexts` does. */
export const abortedVersions = (
  records: readonly StreamRecord[],
  archive: BodyArchive,
): Promise<LostVersion[]> => withTexts(abortedImages(records), archive)

const archivedVersionOf = async (
  item: ResourceItem,
  archive: BodyArchive,
): Promise<ArchivedVersion | undefined> => {
  const key = resourceOfPartition(item.pk)
  const text = await imageTextOf(key, item, archive)
  if (text === undefined) return undefined
  return { ...headOf({ ...item, ...key, deleted: item.deleted ?? false }), tenant: key.tenant, text }
}

/**
 * Returns the archive files for versions, a file for each tenant, type and day; the name has a hash of the
 * content.
 */
export const archiveFiles = (versions: readonly ArchivedVersion[], batch: string): ArchiveFile[] => {
  const places = Map.groupBy(versions, ({ tenant, type, t }) => archiveKey(tenant, type, dayOfInstant(t), ''))
  return [...places.values()].map((all) => {
    const text = all.map((version) => `${archiveLine(version)}\n`).join('')
    const [{ tenant, type, t }] = all as [ArchivedVersion]
    return {
      key: archiveKey(tenant, type, dayOfInstant(t), `${batch}-${hashOf(text).slice(0, 10)}`),
      text,
      of: all,
    }
  })
}

const sequenceNumberOf = ({ dynamodb }: StreamRecord): string => dynamodb?.SequenceNumber ?? '0'

/** A stream record that did not come into the archive, and why. */
export interface Unarchived {
  record: StreamRecord
  error: unknown
}

const batchName = (records: readonly StreamRecord[]): string =>
  [...new Set([records.at(0), records.at(-1)])].map((record) => sequenceNumberOf(record ?? {})).join('-')

/**
 * Archives every version that these records show as committed; a repetition changes nothing. Returns the
 * failed records in their order; a failed record does not keep another from the archive.
 */
export const archiveRecords = async (
  records: readonly StreamRecord[],
  archive: Archive,
): Promise<Unarchived[]> => {
  const failed = new Map<StreamRecord | undefined, unknown>()
  const versions = await inParallel(bodiesAtOnce, records, async (record) => {
    try {
      const [item] = committedItems([record])
      return item && (await archivedVersionOf(item, archive))
    } catch (error) {
      failed.set(record, error)
      return undefined
    }
  })
  const recordOf = new Map(versions.map((version, at) => [version, records[at]]))
  const files = archiveFiles(
    versions.filter((version) => version !== undefined),
    batchName(records),
  )
  await inParallel(filesAtOnce, files, async ({ key, text, of }) => {
    try {
      await archive.put(key, text)
    } catch (error) {
      for (const version of of) failed.set(recordOf.get(version), error)
    }
  })
  return records.flatMap((record) => (failed.has(record) ? [{ record, error: failed.get(record) }] : []))
}
