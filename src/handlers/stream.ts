/** https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html */

import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda'
import { customParametersIn } from '../search/custom.ts'
import { indexEntriesOf } from '../search/index/entries.ts'
import { openArchive } from '../store/archive/archive.ts'
import { isHopeless, isolating, setAside } from '../store/archive/failed.ts'
import { archiveRecords, type StreamRecord, type Unarchived } from '../store/archive/stream.ts'
import type { Definitions } from '../store/definitions.ts'
import { type EntriesOf, openDueSweep, openJanitor } from '../store/janitor.ts'
import { beginDaily, openUpkeep } from './door/index-maintenance.ts'
import { errorFacts, logLine } from './door/log.ts'
import { servicesOf, storePlace } from './door/services.ts'

const streamPlace = storePlace(process.env)
const archive = openArchive(streamPlace)
/** Returns the index entries of resources, the tenant's own search parameters included. */
const entriesFor = async (definitions: Definitions): Promise<EntriesOf> => {
  const own = await customParametersIn(definitions)
  return (resource, t) => indexEntriesOf(resource, t, own.all(resource.resourceType))
}
const janitor = openJanitor(streamPlace, archive, entriesFor)

const { openStore, openJobs } = servicesOf(process.env)
const streamTenant = 'main'

const maintenanceContext = (store = openStore(streamTenant)) => ({
  tenant: streamTenant,
  store,
  reader: store,
  archive,
  base: '',
  requestId: crypto.randomUUID(),
  now: Date.now,
  ...(openJobs && { jobs: openJobs(streamTenant) }),
})
const maintenance = openUpkeep(() => maintenanceContext())

/** The SDK's and Lambda's type of the same record differ only in fields that nobody reads here. */
const streamRecord = ({ dynamodb }: DynamoDBRecord): StreamRecord => ({
  dynamodb: dynamodb as StreamRecord['dynamodb'],
})

/** Returns the answer that makes Lambda deliver the batch again from this record on; earlier records are done. */
const againFrom = (first: StreamRecord | undefined): DynamoDBBatchResponse => ({
  batchItemFailures: first ? [{ itemIdentifier: first.dynamodb?.SequenceNumber ?? '' }] : [],
})

const logFailed = (level: 'WARN' | 'ERROR', failed: readonly Unarchived[], what: string): void => {
  for (const { record, error } of failed.slice(0, mostLogged))
    logLine(level, { [what]: record.dynamodb?.SequenceNumber, faults: [errorFacts(error)] })
}

/** The most records of a batch that the log names. */
const mostLogged = 20

/**
 * Removes dead index entries and maintains the index for a batch. A record whose content always fails is logged and left
 * out; the rest of the failed records are returned.
 */
const afterwards = async (records: readonly StreamRecord[]) => {
  let removed = 0
  const swept = await isolating(records, async (some) => {
    removed += await janitor(some)
  })
  const failed = [...swept, ...(await isolating(records, maintenance))]
  const [hopeless, again] = [failed.filter(isNeverRetried), failed.filter((one) => !isNeverRetried(one))]
  logFailed('ERROR', hopeless, 'unswept')
  logFailed('WARN', again, 'again')
  return { removed, again }
}

const isNeverRetried = ({ error }: Unarchived): boolean => isHopeless(error)

const earliestFailed = (records: readonly StreamRecord[], failed: readonly Unarchived[]) => {
  const among = new Set(failed.map(({ record }) => record))
  return records.find((record) => among.has(record))
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html — nothing in the event is needed. */
interface ScheduledEvent {
  source: string
}

const sweepDaily = async (): Promise<void> => {
  const { openSweeper } = await import('../store/sweeper.ts')
  logLine('INFO', { transactions: await openSweeper(streamPlace)(streamTenant) })
  logLine('INFO', { removed: await openDueSweep(streamPlace, archive, entriesFor)(streamTenant) })
  await beginDaily(maintenanceContext())
}

/**
 * Archives every committed version and removes dead index entries. A record that can never be archived is set aside; the
 * batch is delivered again from the first record on that may succeed later.
 */
const takeBatch = async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
  const records = Records.map(streamRecord)
  const { aside, again } = await setAside(await archiveRecords(records, archive), archive)
  logFailed('ERROR', aside, 'aside')
  logFailed('WARN', again, 'again')
  const after = await afterwards(records)
  logLine('INFO', { records: records.length, removed: after.removed })
  return againFrom(earliestFailed(records, [...again, ...after.again]))
}

/**
 * Takes a batch of changes; when the schedule calls, ends the transactions of dead writers, removes due index entries and begins
 * the daily work.
 */
export const handler = async <Event extends DynamoDBStreamEvent | ScheduledEvent>(
  event: Event,
): Promise<Event extends DynamoDBStreamEvent ? DynamoDBBatchResponse : void> =>
  ('Records' in event ? await takeBatch(event) : await sweepDaily()) as never
