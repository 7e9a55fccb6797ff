/**
 * Stream records that failed. A record that can never succeed is set aside at once, so that Lambda does not
 * retry the records behind it; Lambda retries the rest, and keeps them in the bucket when it gives up.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */

import { isKind } from '../../outcome/failure.ts'
import { failedKey } from '../keys.ts'
import type { Archive } from './archive.ts'
import type { StreamRecord, Unarchived } from './stream.ts'

/** Returns whether an error comes from a record's content: from `decodeBody`, from zlib or from JSON. */
const isOfContent = (error: unknown): boolean =>
  isKind(error, 'fault') ||
  error instanceof SyntaxError ||
  error instanceof RangeError ||
  error instanceof TypeError ||
  (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))

/** Returns whether another try can only fail: the record's content is at fault, or its body is gone. */
export const isHopeless = (error: unknown): boolean =>
  isOfContent(error) || (error instanceof Error && error.name === 'NoSuchKey')

const asBase64 = (value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value

const plainImage = (image: object): object =>
  Object.fromEntries(
    Object.entries(image).map(([name, value]) => [
      name,
      'M' in value ? { M: plainImage(value.M) } : 'B' in value ? { B: asBase64(value.B) } : value,
    ]),
  )

/** The SDK gives binary values as bytes: JSON has them as Lambda does. */
const plainRecord = ({ dynamodb: { OldImage, NewImage, ...rest } = {} }: StreamRecord): StreamRecord => ({
  dynamodb: {
    ...rest,
    ...(OldImage && { OldImage: plainImage(OldImage) as typeof OldImage }),
    ...(NewImage && { NewImage: plainImage(NewImage) as typeof NewImage }),
  },
})

/**
 * Returns records in the form in which Lambda keeps a failed invocation: the event is JSON text within JSON.
 */
export const failedText = (records: readonly StreamRecord[], reason: string): string =>
  JSON.stringify({ reason, payload: JSON.stringify({ Records: records.map(plainRecord) }) })

/** The records that were set aside, and the records to retry. */
export interface SetAside {
  aside: readonly Unarchived[]
  /** The records for Lambda to retry, in their order. */
  again: readonly Unarchived[]
}

const errorNameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)

/** Sets hopeless records aside; a record that cannot be set aside is retried. */
export const setAside = async (
  failed: readonly Unarchived[],
  archive: Pick<Archive, 'putPlain'>,
): Promise<SetAside> => {
  const aside: Unarchived[] = []
  for (const one of failed.filter(({ error }) => isHopeless(error))) {
    const sequence = one.record.dynamodb?.SequenceNumber
    if (sequence === undefined) continue
    const text = failedText([one.record], errorNameOf(one.error))
    const kept = await archive.putPlain(failedKey(sequence), text).then(
      () => true,
      () => false,
    )
    if (kept) aside.push(one)
  }
  return { aside, again: failed.filter((one) => !aside.includes(one)) }
}

/**
 * Runs a piece of work on all records. If it fails for the content of a record, runs it on each half, so that
 * only that record is left out. Returns the failed records; if a retry may succeed, all records of the failed
 * run.
 */
export const isolating = async (
  records: readonly StreamRecord[],
  work: (records: readonly StreamRecord[]) => Promise<unknown>,
): Promise<Unarchived[]> => {
  if (records.length === 0) return []
  try {
    await work(records)
    return []
  } catch (error) {
    if (records.length === 1 || !isHopeless(error)) return records.map((record) => ({ record, error }))
    const half = records.length >> 1
    return [
      ...(await isolating(records.slice(0, half), work)),
      ...(await isolating(records.slice(half), work)),
    ]
  }
}
