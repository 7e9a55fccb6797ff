/** https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html */

import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda'
import { ownIn } from '../search/custom.ts'
import { indexEntriesOf } from '../search/index/entries.ts'
import { openArchive } from '../store/archive/archive.ts'
import { isHopeless, isolating, setAside } from '../store/archive/failed.ts'
import { archiveRecords, type StreamRecord, type Unarchived } from '../store/archive/stream.ts'
import type { Definitions } from '../store/definitions.ts'
import { type EntriesOf, openDueSweep, openJanitor } from '../store/janitor.ts'
import { beginDaily, openUpkeep } from './door/index-maintenance.ts'
import { errorFacts, logLine } from './door/log.ts'
import { placeOf, servicesOf } from './door/services.ts'

const place = placeOf(process.env)
const archive = openArchive(place)
/** The tenant's own search parameters have entries too. */
const entriesFor = async (definitions: Definitions): Promise<EntriesOf> => {
  const own = await ownIn(definitions)
  return (resource, t) => indexEntriesOf(resource, t, own.all(resource.resourceType))
}
const janitor = openJanitor(place, archive, entriesFor)

const { openStore, openJobs } = servicesOf(process.env)
const tenant = 'main'

const contextOf = () => ({
  tenant,
  store: openStore(tenant),
  archive,
  base: '',
  requestId: crypto.randomUUID(),
  now: Date.now,
  ...(openJobs && { jobs: openJobs(tenant) }),
})
const maintenance = openUpkeep(contextOf)

/** The SDK's and Lambda's type of the same record differ only in fields that nobody reads here. */
const recordOf = ({ dynamodb }: DynamoDBRecord): StreamRecord => ({
  dynamodb: dynamodb as StreamRecord['dynamodb'],
})

/** Lambda tries again from the first record that is named on: all before it are done. */
const againFrom = (first: StreamRecord | undefined): DynamoDBBatchResponse => ({
  batchItemFailures: first ? [{ itemIdentifier: first.dynamodb?.SequenceNumber ?? '' }] : [],
})

const logFailed = (level: 'WARN' | 'ERROR', failed: readonly Unarchived[], what: string): void => {
  for (const { record, error } of failed.slice(0, mostTold))
    logLine(level, { [what]: record.dynamodb?.SequenceNumber, faults: [errorFacts(error)] })
}

/** So many records of a batch are named in the log. */
const mostTold = 20

/** What is done for a batch behind the archive: a record whose content it cannot bear is left out, and told of. */
const afterwards = async (records: readonly StreamRecord[]) => {
  let removed = 0
  const swept = await isolating(records, async (some) => {
    removed += await janitor(some)
  })
  const failed = [...swept, ...(await isolating(records, maintenance))]
  const [hopeless, again] = [failed.filter(isLeft), failed.filter((one) => !isLeft(one))]
  logFailed('ERROR', hopeless, 'unswept')
  logFailed('WARN', again, 'again')
  return { removed, again }
}

const isLeft = ({ error }: Unarchived): boolean => isHopeless(error)

const earliest = (records: readonly StreamRecord[], failed: readonly Unarchived[]) => {
  const among = new Set(failed.map(({ record }) => record))
  return records.find((record) => among.has(record))
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html — nothing in the event is needed. */
interface ScheduledEvent {
  source: string
}

const sweepDaily = async (): Promise<void> => {
  const { openSweeper } = await import('../store/sweeper.ts')
  logLine('INFO', { transactions: await openSweeper(place)(tenant) })
  logLine('INFO', { removed: await openDueSweep(place, archive, entriesFor)(tenant) })
  await beginDaily(contextOf())
}

/**
 * Archives every committed version and removes dead index entries. A record that can never be archived is set aside;
 * from the first one on that may succeed later, the batch comes again, though the others are archived already.
 */
const takeBatch = async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
  const records = Records.map(recordOf)
  const { aside, again } = await setAside(await archiveRecords(records, archive), archive)
  logFailed('ERROR', aside, 'aside')
  logFailed('WARN', again, 'again')
  const after = await afterwards(records)
  logLine('INFO', { records: records.length, removed: after.removed })
  return againFrom(earliest(records, [...again, ...after.again]))
}

/** Takes a batch of changes, or where the schedule calls, ends the transactions that dead writers have left, removes entries that are due, and begins the work of the day. */
export const handler = async <Event extends DynamoDBStreamEvent | ScheduledEvent>(
  event: Event,
): Promise<Event extends DynamoDBStreamEvent ? DynamoDBBatchResponse : void> =>
  ('Records' in event ? await takeBatch(event) : await sweepDaily()) as never
