/**
 * How Lambda hands a shard's records to a function:
 * https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
import type { DynamoDBRecord } from 'aws-lambda'
import type { Outcome } from '../../functions/environments.ts'

type Batch = readonly DynamoDBRecord[]

export const sequenceOf = (record: DynamoDBRecord | undefined): string =>
  record?.dynamodb?.SequenceNumber ?? '0'

/** What an invocation leaves to be done, and whether it took one of the tries. */
export interface Rest {
  batches: readonly Batch[]
  spent: 0 | 1
}

const nothing: Rest = { batches: [], spent: 0 }
const again = (batch: Batch): Rest => ({ batches: [batch], spent: 1 })

/**
 * Returns what is left of a batch: after an error both halves; where the function names records that failed, all from
 * the first of them on. Splitting takes no try. A name that no record of the batch has fails all of it.
 */
export const restOf = (batch: Batch, outcome: Outcome, bisects: boolean): Rest => {
  if (outcome.kind !== 'result') {
    if (!bisects || batch.length === 1) return again(batch)
    const half = batch.length >> 1
    return { batches: [batch.slice(0, half), batch.slice(half)], spent: 0 }
  }
  const failures = failuresOf(outcome.result)
  if (failures.length === 0) return nothing
  const places = failures.map((failure) => batch.findIndex((record) => sequenceOf(record) === failure))
  const first = Math.min(...places)
  return first <= 0 ? again(batch) : { batches: [batch.slice(first)], spent: 0 }
}

/** An answer without failures, and one that is none at all, is a success. */
const failuresOf = (result: unknown): unknown[] => {
  const { batchItemFailures } = (result ?? {}) as {
    batchItemFailures?: { itemIdentifier?: unknown }[] | null
  }
  return (batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier)
}

const payloadBytes = 6 * 2 ** 20
const retainedMilliseconds = 24 * 3_600_000

/** Returns the batch in pieces that a synchronous invocation takes: six megabytes each. */
export const invocable = (batch: Batch): Batch[] => {
  const pieces: DynamoDBRecord[][] = [[]]
  let bytes = 0
  for (const record of batch) {
    const size = Buffer.byteLength(JSON.stringify(record)) + 1
    if (bytes + size > payloadBytes && bytes > 0) {
      pieces.push([])
      bytes = 0
    }
    bytes += size
    pieces.at(-1)?.push(record)
  }
  return pieces.filter((piece) => piece.length > 0)
}

/** Returns the records that the stream still holds: it keeps each for 24 hours. */
export const retained = (batch: Batch, now: number): Batch =>
  batch.filter(
    ({ dynamodb }) => now - 1000 * (dynamodb?.ApproximateCreationDateTime ?? now) <= retainedMilliseconds,
  )

/** What a destination is told of a batch that was given up: its numbers. */
export interface GivenUp {
  batch: Batch
  shard: string
  streamArn: string
  function: string
  requestId: string
  tries: number
  now: number
}

const instantOf = (record: DynamoDBRecord | undefined): string =>
  new Date(1000 * (record?.dynamodb?.ApproximateCreationDateTime ?? 0)).toISOString()

/** Returns the record of a failed invocation that Lambda sends to any destination: it says which records, not what is in them. */
export const invocationRecord = ({ batch, tries, requestId, now, ...given }: GivenUp): object => ({
  requestContext: {
    requestId,
    functionArn: given.function,
    condition: 'RetryAttemptsExhausted',
    approximateInvokeCount: tries,
  },
  responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  version: '1.0',
  timestamp: new Date(now).toISOString(),
  DDBStreamBatchInfo: {
    shardId: given.shard,
    startSequenceNumber: sequenceOf(batch[0]),
    endSequenceNumber: sequenceOf(batch.at(-1)),
    approximateArrivalOfFirstRecord: instantOf(batch[0]),
    approximateArrivalOfLastRecord: instantOf(batch.at(-1)),
    batchSize: batch.length,
    streamArn: given.streamArn,
  },
})

/** Returns the object that a bucket gets: the record, and the whole event as a text in it. */
export const failureObject = (given: GivenUp, mapping: string): { key: string; text: string } => {
  const time = new Date(given.now).toISOString()
  const day = time.slice(0, 10).replaceAll('-', '/')
  const second = time.slice(0, 19).replaceAll(':', '.')
  return {
    key: `aws/lambda/${mapping}/${given.shard}/${day}/${second}-${given.requestId}`,
    text: JSON.stringify({ ...invocationRecord(given), payload: JSON.stringify({ Records: given.batch }) }),
  }
}
