// https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda'
import { call } from './aws.ts'
import type { Outcome } from './environments.ts'
import type { StreamSource } from './template.ts'

export interface StreamPoller {
  /** Returns when every change made so far has been handed to the function. */
  drained(): Promise<void>
  stop(): Promise<void>
}

export interface PollerOptions {
  endpoint: string
  source: StreamSource
  /** The file that remembers how far the function has come. */
  checkpointPath: string
  databasePath: string
  invoke(event: { Records: DynamoDBRecord[] }): Promise<Outcome>
  /** Hears of changes that the function refused to the last. */
  gaveUp(sequenceNumber: string): void
}

const idleMilliseconds = 100
const trimEvery = 5_000

/** Hands a table's changes to a function in order, as Lambda's event source does, and forgets those that it took. */
export const startPoller = (options: PollerOptions): StreamPoller => {
  let stopping = false
  let idleSince = 0
  let position = readCheckpoint(options.checkpointPath)
  let trimmed = position

  const run = async (): Promise<void> => {
    const { LatestStreamArn } = await describe(options)
    let iterator = await shardIterator(options.endpoint, LatestStreamArn, position)
    while (!stopping) {
      const page = await records(options, iterator)
      iterator = page.NextShardIterator
      if (page.Records.length > 0)
        await deliver(page.Records.map((record) => lambdaRecord(record, LatestStreamArn)))
      else await rest()
    }
  }

  const deliver = async (batch: readonly DynamoDBRecord[]): Promise<void> => {
    idleSince = 0
    await handOver(options, batch, () => stopping)
    if (stopping) return
    position = sequenceOf(batch.at(-1))
    writeCheckpoint(options.checkpointPath, position)
    if (Number(position) - Number(trimmed) >= trimEvery) trim()
  }

  const rest = async (): Promise<void> => {
    if (position !== trimmed) trim()
    idleSince ||= Date.now()
    await sleep(idleMilliseconds)
  }

  const trim = (): void => {
    trimStream(options.databasePath, options.source.table, position)
    trimmed = position
  }

  const running = run()
  running.catch(() => {})
  return {
    drained: async () => {
      const asked = Date.now()
      while (!stopping && (idleSince === 0 || Date.now() - asked < 2 * idleMilliseconds)) await sleep(20)
    },
    stop: async () => {
      stopping = true
      await running.catch(() => {})
    },
  }
}

/** Gives a batch to the function until it has taken all of it: failed records again, a failed batch in halves. */
const handOver = async (
  options: PollerOptions,
  batch: readonly DynamoDBRecord[],
  stopping: () => boolean,
  attempt = 0,
): Promise<void> => {
  if (batch.length === 0 || stopping()) return
  const rest = remaining(batch, await options.invoke({ Records: [...batch] }))
  if (rest.length === 0 || stopping()) return
  if (rest.length < batch.length) return handOver(options, rest, stopping)
  if (batch.length > 1) {
    const half = batch.length >> 1
    await handOver(options, batch.slice(0, half), stopping, attempt)
    return handOver(options, batch.slice(half), stopping, attempt)
  }
  if (attempt >= options.source.retries) return options.gaveUp(sequenceOf(batch[0]))
  await sleep(Math.min(50 * 2 ** attempt, 2000))
  return handOver(options, batch, stopping, attempt + 1)
}

const remaining = (batch: readonly DynamoDBRecord[], outcome: Outcome): readonly DynamoDBRecord[] => {
  if (outcome.kind !== 'result') return batch
  const failures = (outcome.result as DynamoDBBatchResponse | undefined)?.batchItemFailures ?? []
  const failed = new Set(failures.map((failure) => failure.itemIdentifier))
  const first = batch.findIndex((record) => failed.has(sequenceOf(record)))
  return first < 0 ? [] : batch.slice(first)
}

const sequenceOf = (record: DynamoDBRecord | undefined): string => record?.dynamodb?.SequenceNumber ?? '0'

const describe = async ({ endpoint, source }: PollerOptions): Promise<{ LatestStreamArn: string }> => {
  const input = { TableName: source.table }
  const { Table } = await call<{ Table: { LatestStreamArn: string } }>(
    'dynamodb',
    endpoint,
    'DescribeTable',
    input,
  )
  return Table
}

const shardIterator = async (endpoint: string, StreamArn: string, position: string): Promise<string> => {
  const described = await call<{ StreamDescription: { Shards: { ShardId: string }[] } }>(
    'streams',
    endpoint,
    'DescribeStream',
    { StreamArn },
  )
  const ShardId = described.StreamDescription.Shards[0]?.ShardId ?? ''
  const start =
    position === '0'
      ? { ShardIteratorType: 'TRIM_HORIZON' }
      : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: position }
  const input = { StreamArn, ShardId, ...start }
  return (await call<{ ShardIterator: string }>('streams', endpoint, 'GetShardIterator', input)).ShardIterator
}

interface RecordsPage {
  Records: DynamoDBRecord[]
  NextShardIterator: string
}

const records = ({ endpoint, source }: PollerOptions, ShardIterator: string): Promise<RecordsPage> =>
  call<RecordsPage>('streams', endpoint, 'GetRecords', { ShardIterator, Limit: source.batchSize })

const lambdaRecord = (record: DynamoDBRecord, eventSourceARN: string): DynamoDBRecord => ({
  ...record,
  awsRegion: 'local',
  eventSourceARN,
})

const readCheckpoint = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '0')

const writeCheckpoint = (path: string, position: string): void => {
  writeFileSync(`${path}.new`, position)
  renameSync(`${path}.new`, path)
}

/** Removes the stream records up to a position; the last one stays, since the engine counts on from it. */
const trimStream = (path: string, table: string, position: string): void => {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA busy_timeout = 1000')
  const statement = database.prepare(
    'DELETE FROM _stream_records WHERE id IN (SELECT id FROM _stream_records WHERE table_name = ? ' +
      'AND CAST(sequence_number AS INTEGER) < ? ORDER BY CAST(sequence_number AS INTEGER) LIMIT 500)',
  )
  try {
    while (Number(statement.run(table, Number(position)).changes) === 500);
  } catch {
    // The engine is busy writing: the records go with the next ones.
  }
  database.close()
}
