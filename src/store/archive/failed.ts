/**
 * Stream records that failed. One that can never succeed is set aside at once, so that Lambda does not try the records
 * behind it again and again; any other one is Lambda's to try, and to keep in the bucket when it gives up.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */

import { isKind } from '../../outcome/failure.ts'
import { failedKey } from '../keys.ts'
import type { Archive } from './archive.ts'
import type { StreamRecord, Unarchived } from './stream.ts'

/** A body that is not what it should be fails so: in `decodeBody`, in zlib, or as JSON. */
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

/** Returns records as Lambda keeps an invocation that it gave up on: the event is a JSON text within. */
export const failedText = (records: readonly StreamRecord[], reason: string): string =>
  JSON.stringify({ reason, payload: JSON.stringify({ Records: records.map(plainRecord) }) })

/** What became of records that could not be archived. */
export interface SetAside {
  aside: readonly Unarchived[]
  /** Those that Lambda has to try again, in their order. */
  again: readonly Unarchived[]
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)

/** Sets the hopeless ones aside; where that fails too, they are to be tried again like the others. */
export const setAside = async (
  failed: readonly Unarchived[],
  archive: Pick<Archive, 'putPlain'>,
): Promise<SetAside> => {
  const aside: Unarchived[] = []
  for (const one of failed.filter(({ error }) => isHopeless(error))) {
    const sequence = one.record.dynamodb?.SequenceNumber
    if (sequence === undefined) continue
    const text = failedText([one.record], nameOf(one.error))
    const kept = await archive.putPlain(failedKey(sequence), text).then(
      () => true,
      () => false,
    )
    if (kept) aside.push(one)
  }
  return { aside, again: failed.filter((one) => !aside.includes(one)) }
}

/**
 * Runs a piece of work on all records and, where it fails for the content of one, on each half, so that only that one
 * is left out. Returns the records that failed; where another try may do, all that were in its run.
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
