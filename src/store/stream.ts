// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
import type { Archive } from './archive.ts'
import { decodeBody } from './body.ts'
import type { Image, ResourceItem } from './dynamo/items.ts'
import { archiveKey, dayOf, isCurrent, resourceOf } from './keys.ts'
import type { Method, ResourceKey } from './port.ts'

/** A value as DynamoDB writes it; Lambda passes binary ones as base64, the SDK as bytes. */
export interface StreamValue {
  S?: string | undefined
  N?: string | undefined
  B?: string | Uint8Array | undefined
  BOOL?: boolean | undefined
  M?: Record<string, StreamValue> | undefined
}

/** What this project reads of a stream record, from Lambda's event or from the SDK. */
export interface StreamRecord {
  dynamodb?:
    | {
        OldImage?: Record<string, StreamValue> | undefined
        NewImage?: Record<string, StreamValue> | undefined
        SequenceNumber?: string | undefined
      }
    | undefined
}

/** One committed version on its way to the archive. */
export interface ArchivedVersion extends ResourceKey {
  tenant: string
  v: number
  t: string
  method: Method
  deleted: boolean
  text: string
}

/** A version that has lost its place, with the write id its index entries were put under. */
export interface LostVersion extends ResourceKey {
  tenant: string
  w: string
  t: string
  text: string
}

/** A text and where it is kept. */
export interface ArchiveFile {
  key: string
  text: string
}

const plainValue = ({ S, N, B, BOOL, M }: StreamValue): unknown => {
  if (N !== undefined) return Number(N)
  if (B !== undefined) return typeof B === 'string' ? Buffer.from(B, 'base64') : B
  return M ? attributesOf(M) : (S ?? BOOL)
}

const attributesOf = (image: Record<string, StreamValue>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(image).map(([name, value]) => [name, plainValue(value)]))

const itemOf = (image: Record<string, StreamValue> | undefined): ResourceItem | undefined => {
  const item = image && (attributesOf(image) as unknown as ResourceItem)
  return item && isCurrent(item.sk) ? item : undefined
}

interface Change {
  before: ResourceItem | undefined
  after: ResourceItem | undefined
}

const changesOf = (records: readonly StreamRecord[]): Change[] =>
  records.map(({ dynamodb }) => ({ before: itemOf(dynamodb?.OldImage), after: itemOf(dynamodb?.NewImage) }))

/** Returns the items that these records show to have become current: flips and folds, no copies, nothing staged. */
export const committedItems = (records: readonly StreamRecord[]): ResourceItem[] =>
  changesOf(records).flatMap(({ before, after }) =>
    after && !after.txn && (before?.w !== after.w || before.txn) ? [after] : [],
  )

/** Returns the transactions whose journals these records show to be begun, each once. */
export const journalsIn = (records: readonly StreamRecord[]): { tenant: string; txn: string }[] => {
  const begun = changesOf(records).flatMap(({ before, after }) =>
    after?.by !== undefined && !before ? [{ tenant: resourceOf(after.pk).tenant, txn: after.by }] : [],
  )
  return [...new Map(begun.map((one) => [`${one.tenant}|${one.txn}`, one])).values()]
}

const imagesOf = (item: ResourceItem | undefined): Image[] =>
  item ? [item, item.next].filter((image) => image !== undefined) : []

/** Returns the images that these records show to have lost their place: superseded or aborted. */
export const lostImages = (records: readonly StreamRecord[]): { pk: string; image: Image }[] =>
  changesOf(records).flatMap(({ before, after }) => {
    const standing = new Set(imagesOf(after).map(({ w }) => w))
    const lost = imagesOf(before).filter(({ w }) => !standing.has(w))
    return before ? lost.map((image) => ({ pk: before.pk, image })) : []
  })

const textOf = async ({ deleted, body, s3 }: Image, archive: Pick<Archive, 'body'>): Promise<string> => {
  if (deleted) return ''
  return body ? decodeBody(body) : archive.body(s3 ?? '')
}

/** Returns the lost versions with their texts, deletions left out. */
export const lostVersions = (
  records: readonly StreamRecord[],
  archive: Pick<Archive, 'body'>,
): Promise<LostVersion[]> =>
  Promise.all(
    lostImages(records)
      .filter(({ image }) => !image.deleted)
      .map(async ({ pk, image }) => {
        const { w, t } = image
        return { ...resourceOf(pk), w, t, text: await textOf(image, archive) }
      }),
  )

const versionOf = async (item: ResourceItem, archive: Pick<Archive, 'body'>): Promise<ArchivedVersion> => {
  const { v, t, method, deleted = false } = item
  return { ...resourceOf(item.pk), v, t, method, deleted, text: await textOf(item, archive) }
}

/** Line breaks stand only between JSON tokens, never within a string: a blank in their place changes no value. */
const onOneLine = (text: string): string => text.replaceAll(/[\r\n]+/g, ' ')

const beforeResource = ',"resource":'

/** Turns a version into a line of NDJSON, the resource's text untouched but for line breaks. */
export const archiveLine = ({ type, id, v, t, method, deleted, text }: ArchivedVersion): string => {
  const head = JSON.stringify({ type, id, v, t, method, deleted })
  return deleted ? head : `${head.slice(0, -1)}${beforeResource}${onOneLine(text)}}`
}

/** Turns a line of NDJSON back into the version. */
export const parseArchiveLine = (tenant: string, line: string): ArchivedVersion => {
  const at = line.indexOf(beforeResource)
  const head = JSON.parse(at < 0 ? line : `${line.slice(0, at)}}`)
  return { ...head, tenant, text: at < 0 ? '' : line.slice(at + beforeResource.length, -1) }
}

/** Returns the files that keep a batch's versions, one per tenant, type and day. */
export const archiveFiles = (versions: readonly ArchivedVersion[], batch: string): ArchiveFile[] => {
  const lines = new Map<string, string[]>()
  for (const version of versions) {
    const key = archiveKey(version.tenant, version.type, dayOf(version.t), batch)
    lines.set(key, [...(lines.get(key) ?? []), archiveLine(version)])
  }
  return [...lines].map(([key, all]) => ({ key, text: `${all.join('\n')}\n` }))
}

const batchName = (records: readonly StreamRecord[]): string => {
  const numbers = records.map(({ dynamodb }) => dynamodb?.SequenceNumber ?? '0')
  return `${numbers.at(0)}-${numbers.at(-1)}`
}

/** Puts every version that these records show to be committed into the archive; doing it again changes nothing. */
export const archiveRecords = async (records: readonly StreamRecord[], archive: Archive): Promise<void> => {
  const versions = await Promise.all(committedItems(records).map((item) => versionOf(item, archive)))
  const files = archiveFiles(versions, batchName(records))
  await Promise.all(files.map(({ key, text }) => archive.put(key, text)))
}
