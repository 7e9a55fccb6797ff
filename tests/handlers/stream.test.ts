import type { DynamoDBRecord } from 'aws-lambda'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { StreamRecord } from '../../src/store/archive/stream.ts'
import { readAll } from '../../src/store/dynamo/batch.ts'
import { openSession, openStore } from '../../src/store/dynamo/open.ts'
import { currentKey } from '../../src/store/keys.ts'
import { create, manyNotes, put } from '../store/drafts.ts'
import { type Engines, startEngines } from '../store/engines.ts'
import { failingAt, isRecord } from '../store/faults.ts'
import { recordsOf } from '../store/stream-records.ts'

let engines: Engines
let handler: typeof import('../../src/handlers/stream.ts').handler
let records: StreamRecord[]

beforeAll(async () => {
  engines = await startEngines()
  Object.assign(process.env, engines.env, { UPLOAD_BUCKET: engines.bucket })
  handler = (await import('../../src/handlers/stream.ts')).handler
  const store = engines.openStore('main')
  for (const note of manyNotes(4, 'n')) await store.commit([put(note)])
  records = await recordsOf(engines, 'main')
})
afterAll(() => engines?.stop())

const given = (some: readonly StreamRecord[]) => handler({ Records: some as DynamoDBRecord[] })

const withBody = (record: StreamRecord | undefined, image: object): StreamRecord => ({
  dynamodb: { ...record?.dynamodb, NewImage: { ...record?.dynamodb?.NewImage, ...image } },
})

const keysUnder = async (prefix: string): Promise<string[]> => {
  const found: string[] = []
  for await (const key of engines.archive.keys(prefix)) found.push(key)
  return found
}

test('takes a whole batch', async () => {
  expect(await given(records)).toEqual({ batchItemFailures: [] })
  expect(await keysUnder('archive/resources/main/Observation/')).toHaveLength(1)
})

test('sets a record aside that can never be archived, and asks for nothing again', async () => {
  const poison = withBody(records[1], { body: { B: Buffer.from([9]).toString('base64') } })
  expect(await given(records.with(1, poison))).toEqual({ batchItemFailures: [] })
  expect(await keysUnder('failed/')).toEqual([`failed/${records[1]?.dynamodb?.SequenceNumber}.json`])
})

test('asks for a batch again from the first record on that may succeed later', async () => {
  const before = await keysUnder('archive/resources/main/Observation/')
  // A name that no object can have makes the bucket refuse the file.
  const elsewhere = withBody(records[2], { pk: { S: `main|${'x'.repeat(1100)}|y` } })
  const { batchItemFailures } = await given(records.with(2, elsewhere))
  expect(batchItemFailures).toEqual([{ itemIdentifier: records[2]?.dynamodb?.SequenceNumber }])
  expect((await keysUnder('archive/resources/main/Observation/')).length).toBe(before.length + 1)
})

test('once a day, carries out what a dead writer has left and nobody has met', async () => {
  const notes = manyNotes(110, 'left')
  const stopping = openStore({ ...engines.place, clients: failingAt(engines.clients, { after: isRecord }) })
  await expect(stopping('main').commit(notes.map(create))).rejects.toThrow('stopped')
  const stored = async () => {
    const session = openSession(engines.place)('main')
    const keys = notes.map((note) => currentKey('main', note))
    return (await readAll(session, engines.tables.resources, keys)).length
  }
  expect(await stored()).toBe(0)
  expect(await handler({ source: 'aws.events' })).toBeUndefined()
  expect(await stored()).toBe(notes.length)
})

test('begins the work of the day with each call of the schedule, and with no batch', async () => {
  const jobs = async () => (await keysUnder('uploads/main/')).length
  const before = await jobs()
  await given(records)
  expect(await jobs()).toBe(before)
  await handler({ source: 'aws.events' })
  expect(await jobs()).toBe(before + 1)
})
