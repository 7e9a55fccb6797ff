/**
 * Lambda's delivery of a shard's records to a function:
 * https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
import type { DynamoDBRecord } from 'aws-lambda'
import type { Outcome } from '../../functions/environments.ts'

type ShardBatch = readonly DynamoDBRecord[]

export const sequenceOf = (record: DynamoDBRecord | undefined): string =>
  record?.dynamodb?.SequenceNumber ?? '0'

/** The batches left after an invocation, and whether it used up a try. */
export interface Rest {
  batches: readonly ShardBatch[]
  spent: 0 | 1
}

const nothingLeft: Rest = { batches: [], spent: 0 }
const again = (batch: ShardBatch): Rest => ({ batches: [batch], spent: 1 })

/**
 * Returns the rest of a batch: both halves after an error, or the records from the first failed record on when the
 * function names failed records. Splitting uses up no try. An unknown name fails the whole batch.
 */
export const restOf = (batch: ShardBatch, outcome: Outcome, bisects: boolean): Rest => {
  if (outcome.kind !== 'result') {
    if (!bisects || batch.length === 1) return again(batch)
    const half = batch.length >> 1
    return { batches: [batch.slice(0, half), batch.slice(half)], spent: 0 }
  }
  const failures = failuresOf(outcome.result)
  if (failures.length === 0) return nothingLeft
  const places = failures.map((failure) => batch.findIndex((record) => sequenceOf(record) === failure))
  const first = Math.min(...places)
  return first <= 0 ? again(batch) : { batches: [batch.slice(first)], spent: 0 }
}

/** Returns the names of failed records; empty, which means success, for a result that names no failures. */
const failuresOf = (result: unknown): unknown[] => {
  const { batchItemFailures } = (result ?? {}) as {
    batchItemFailures?: { itemIdentifier?: unknown }[] | null
  }
  return (batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier)
}

const payloadBytes = 6 * 2 ** 20
const retainedMilliseconds = 24 * 3_600_000

/** Returns the batch in pieces of at most six megabytes, the limit of a synchronous invocation. */
export const invocable = (batch: ShardBatch): ShardBatch[] => {
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

/** Returns the records of the last 24 hours, which the stream still retains. */
export const retained = (batch: ShardBatch, now: number): ShardBatch =>
  batch.filter(
    ({ dynamodb }) => now - 1000 * (dynamodb?.ApproximateCreationDateTime ?? now) <= retainedMilliseconds,
  )

/** The facts of a failed batch for a destination. */
export interface GivenUp {
  batch: ShardBatch
  shard: string
  streamArn: string
  function: string
  requestId: string
  tries: number
  now: number
}

const arrivalTime = (record: DynamoDBRecord | undefined): string =>
  new Date(1000 * (record?.dynamodb?.ApproximateCreationDateTime ?? 0)).toISOString()

/** Returns the invocation record that Lambda sends to a destination: it names the failed records without their content. */
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
    approximateArrivalOfFirstRecord: arrivalTime(batch[0]),
    approximateArrivalOfLastRecord: arrivalTime(batch.at(-1)),
    batchSize: batch.length,
    streamArn: given.streamArn,
  },
})

/** Returns the object for a destination bucket: the invocation record, with the whole event as text. */
export const failureObject = (given: GivenUp, mapping: string): { key: string; text: string } => {
  const time = new Date(given.now).toISOString()
  const day = time.slice(0, 10).replaceAll('-', '/')
  const second = time.slice(0, 19).replaceAll(':', '.')
  return {
    key: `aws/lambda/${mapping}/${given.shard}/${day}/${second}-${given.requestId}`,
    text: JSON.stringify({ ...invocationRecord(given), payload: JSON.stringify({ Records: given.batch }) }),
  }
}
