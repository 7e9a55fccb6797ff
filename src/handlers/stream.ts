/** https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html */

import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda'
import { entriesOf } from '../search/index/entries.ts'
import { ownIn } from '../search/own.ts'
import { openArchive } from '../store/archive.ts'
import { type EntriesOf, openJanitor } from '../store/janitor.ts'
import type { Definitions } from '../store/port.ts'
import { archiveRecords, type StreamRecord } from '../store/stream.ts'
import { backingOf, placeOf } from './backing.ts'
import { errorFacts, logLine } from './log.ts'
import { openUpkeep } from './upkeep.ts'

const place = placeOf(process.env)
const archive = openArchive(place)
/** The tenant's own search parameters have entries too. */
const entriesFor = async (definitions: Definitions): Promise<EntriesOf> => {
  const own = await ownIn(definitions)
  return (resource, t) => entriesOf(resource, t, own.all(resource.resourceType))
}
const janitor = openJanitor(place, archive, entriesFor)

const { openStore, openJobs } = backingOf(process.env)
const tenant = 'main'

const upkeep = openUpkeep(() => ({
  tenant,
  store: openStore(tenant),
  archive,
  base: '',
  requestId: crypto.randomUUID(),
  now: Date.now,
  ...(openJobs && { jobs: openJobs(tenant) }),
}))

/** The SDK's and Lambda's type of the same record differ only in fields that nobody reads here. */
const recordOf = ({ dynamodb }: DynamoDBRecord): StreamRecord => ({
  dynamodb: dynamodb as StreamRecord['dynamodb'],
})

const failuresFrom = (records: readonly DynamoDBRecord[]): DynamoDBBatchResponse => ({
  batchItemFailures: records
    .slice(0, 1)
    .map(({ dynamodb }) => ({ itemIdentifier: dynamodb?.SequenceNumber ?? '' })),
})

/** Archives every committed version and removes dead index entries; after a failure the whole batch comes again. */
export const handler = async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
  const records = Records.map(recordOf)
  try {
    await archiveRecords(records, archive)
    const removed = await janitor(records)
    await upkeep(records)
    logLine('INFO', { records: records.length, removed })
    return { batchItemFailures: [] }
  } catch (thrown) {
    logLine('ERROR', { records: records.length, faults: [errorFacts(thrown)] })
    return failuresFrom(Records)
  }
}
