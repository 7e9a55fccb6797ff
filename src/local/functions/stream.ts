// https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DynamoDBRecord } from 'aws-lambda'
import { callEngine } from '../engines/aws.ts'
import { invocable, restOf, retained, sequenceOf } from '../strict/stream/delivery.ts'
import type { StreamSource } from '../template/template.ts'
import type { Outcome } from './environments.ts'

export interface StreamPoller {
  /** Returns when every change made so far has been handed to the function. */
  drained(): Promise<void>
  stop(): Promise<void>
}

export interface PollerOptions {
  endpoint: string
  source: StreamSource
  /** The file with the position that the function has reached. */
  checkpointPath: string
  databasePath: string
  invoke(event: { Records: DynamoDBRecord[] }): Promise<Outcome>
  /** Keeps the record of changes that the function refused until the last try. */
  gaveUp(refused: RefusedBatch): Promise<void>
  /** Returns whether the function gets a batch a second time, as Lambda delivers at least once. */
  repeated(): boolean
}

type StreamBatch = readonly DynamoDBRecord[]

/** Changes that the function refused, and where they come from. */
export interface RefusedBatch {
  batch: StreamBatch
  shard: string
  streamArn: string
  tries: number
}

/** A shard whose changes are handed over. */
interface Delivery {
  options: PollerOptions
  shard: string
  streamArn: string
}

const streamIdleMilliseconds = 100
const trimEvery = 5_000

/**
 * Passes a table's changes to a function in order, as Lambda's event source does, and removes processed records from the
 * stream.
 */
export const startPoller = (options: PollerOptions): StreamPoller => {
  let stopping = false
  let idleSince = 0
  let position = readCheckpoint(options.checkpointPath)
  let trimmed = position
  let delivery: Delivery = { options, shard: '', streamArn: '' }

  const run = async (): Promise<void> => {
    const { LatestStreamArn } = await describe(options)
    const shard = await tableShard(options.endpoint, LatestStreamArn)
    delivery = { options, shard, streamArn: LatestStreamArn }
    let iterator = await shardIterator(options.endpoint, delivery, position)
    while (!stopping) {
      const page = await readRecords(options, iterator)
      iterator = page.NextShardIterator
      if (page.Records.length > 0)
        await deliver(page.Records.map((record) => lambdaRecord(record, LatestStreamArn)))
      else await rest()
    }
  }

  const deliver = async (batch: StreamBatch): Promise<void> => {
    idleSince = 0
    for (const piece of invocable(retained(batch, Date.now()))) {
      await handOver(delivery, piece, () => stopping)
      if (options.repeated()) await handOver(delivery, piece, () => stopping)
    }
    if (stopping) return
    position = sequenceOf(batch.at(-1))
    writeCheckpoint(options.checkpointPath, position)
    if (Number(position) - Number(trimmed) >= trimEvery) trim()
  }

  const rest = async (): Promise<void> => {
    if (position !== trimmed) trim()
    idleSince ||= Date.now()
    await sleep(streamIdleMilliseconds)
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
      while (!stopping && (idleSince === 0 || Date.now() - asked < 2 * streamIdleMilliseconds))
        await sleep(20)
    },
    stop: async () => {
      stopping = true
      await running.catch(() => {})
    },
  }
}

/** Invokes the function with a batch until all of it succeeded or the retries are used up. */
const handOver = async (
  delivery: Delivery,
  batch: StreamBatch,
  stopping: () => boolean,
  tries = 0,
): Promise<void> => {
  const { options } = delivery
  if (batch.length === 0 || stopping()) return
  const outcome = await options.invoke({ Records: [...batch] })
  if (stopping()) return
  const { batches, spent } = restOf(batch, outcome, options.source.bisects)
  if (spent > 0 && tries >= options.source.retries)
    return options.gaveUp({ ...delivery, batch, tries: tries + 1 })
  if (spent > 0) await sleep(Math.min(50 * 2 ** tries, 2000))
  for (const each of batches) await handOver(delivery, each, stopping, tries + spent)
}

const describe = async ({ endpoint, source }: PollerOptions): Promise<{ LatestStreamArn: string }> => {
  const input = { TableName: source.table }
  const { Table } = await callEngine<{ Table: { LatestStreamArn: string } }>(
    'dynamodb',
    endpoint,
    'DescribeTable',
    input,
  )
  return Table
}

/** Returns the id of the table's shard; the engine has a single shard for a table. */
const tableShard = async (endpoint: string, StreamArn: string): Promise<string> => {
  const described = await callEngine<{ StreamDescription: { Shards: { ShardId: string }[] } }>(
    'streams',
    endpoint,
    'DescribeStream',
    { StreamArn },
  )
  return described.StreamDescription.Shards[0]?.ShardId ?? ''
}

const shardIterator = async (
  endpoint: string,
  { shard: ShardId, streamArn: StreamArn }: Delivery,
  position: string,
): Promise<string> => {
  const start =
    position === '0'
      ? { ShardIteratorType: 'TRIM_HORIZON' }
      : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: position }
  const input = { StreamArn, ShardId, ...start }
  return (await callEngine<{ ShardIterator: string }>('streams', endpoint, 'GetShardIterator', input))
    .ShardIterator
}

interface RecordsPage {
  Records: DynamoDBRecord[]
  NextShardIterator: string
}

const readRecords = ({ endpoint, source }: PollerOptions, ShardIterator: string): Promise<RecordsPage> =>
  callEngine<RecordsPage>('streams', endpoint, 'GetRecords', { ShardIterator, Limit: source.batchSize })

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

/** Removes the stream records before a position; the record at the position stays, since the engine numbers on from it. */
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
