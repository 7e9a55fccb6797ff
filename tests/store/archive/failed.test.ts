import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Archive } from '../../../src/store/archive/archive.ts'
import { failedText, isHopeless, isolating, setAside } from '../../../src/store/archive/failed.ts'
import { parseArchiveLine } from '../../../src/store/archive/line.ts'
import { replayFailed } from '../../../src/store/archive/replay.ts'
import { archiveRecords, type StreamRecord } from '../../../src/store/archive/stream.ts'
import { getOne, manyNotes, put, randomFiller, remove } from '../drafts.ts'
import { type Engines, startEngines } from '../engines.ts'
import { asTheSdkGives, recordsOf } from '../stream-records.ts'

let engines: Engines
beforeAll(async () => {
  engines = await startEngines()
})
afterAll(() => engines?.stop())

const newTenant = () => `t${randomBytes(6).toString('hex')}`

const keysUnder = async (prefix: string): Promise<string[]> => {
  const found: string[] = []
  for await (const key of engines.archive.keys(prefix)) found.push(key)
  return found
}

const archivedIn = async (tenant: string): Promise<string[]> => {
  const texts = await Promise.all((await keysUnder(`archive/resources/${tenant}/`)).map(engines.archive.read))
  const lines = texts.flatMap((text) => text.trimEnd().split('\n'))
  return [
    ...new Set(lines.map((line) => parseArchiveLine(tenant, line)).map(({ id, v }) => `${id}/${v}`)),
  ].sort()
}

/** Returns the stream records of five notes, one each. */
const fiveRecords = async (tenant: string, filler = ''): Promise<StreamRecord[]> => {
  const store = engines.openStore(tenant)
  for (const note of manyNotes(5, 'n', { filler })) await store.commit([put(note)])
  return recordsOf(engines, tenant)
}

const withImage = (record: StreamRecord | undefined, change: object): StreamRecord => ({
  dynamodb: { ...record?.dynamodb, NewImage: { ...record?.dynamodb?.NewImage, ...change } },
})

const unknownCodec = { body: { B: Buffer.from([9, 1, 2]).toString('base64') } }

const sequencesOf = (failed: readonly { record: StreamRecord }[]) =>
  failed.map(({ record }) => record.dynamodb?.SequenceNumber)

describe('a record that can never be archived', () => {
  test('costs no other record its place in the archive, and is set aside', async () => {
    const tenant = newTenant()
    const records = await fiveRecords(tenant)
    const poisoned = records.with(2, withImage(records[2], unknownCodec))
    const failed = await archiveRecords(poisoned, engines.archive)
    expect(sequencesOf(failed)).toEqual([records[2]?.dynamodb?.SequenceNumber])
    expect(await archivedIn(tenant)).toEqual(['n-00000/1', 'n-00001/1', 'n-00003/1', 'n-00004/1'])
    const { aside, again } = await setAside(failed, engines.archive)
    expect([aside.length, again.length]).toEqual([1, 0])
    const key = `failed/${records[2]?.dynamodb?.SequenceNumber}.json`
    expect(await keysUnder('failed/')).toContain(key)
    expect(JSON.parse(JSON.parse(await engines.archive.readPlain(key)).payload).Records).toEqual([
      { dynamodb: poisoned[2]?.dynamodb },
    ])
    const replayed = await replayFailed(engines.archive)
    expect(replayed.failed).toEqual([{ key, reason: 'Failure', records: 1 }])
    expect(await keysUnder('failed/')).toContain(key)
    await engines.archive.remove(key)
  })

  test('is tried again by Lambda where it cannot be set aside', async () => {
    const records = await fiveRecords(newTenant())
    const failed = await archiveRecords([withImage(records[0], unknownCodec)], engines.archive)
    const broken: Pick<Archive, 'putPlain'> = { putPlain: () => Promise.reject(new Error('SlowDown')) }
    const { aside, again } = await setAside(failed, broken)
    expect([aside.length, again.length]).toEqual([0, 1])
  })

  test('is one whose large body is gone though nobody purged it; once it is back, a replay archives it', async () => {
    const tenant = newTenant()
    const records = asTheSdkGives(await fiveRecords(tenant, randomFiller(500_000)))
    const key = records[1]?.dynamodb?.NewImage?.s3?.S ?? ''
    const body = await engines.clients.bucket.get(engines.bucket, key)
    await engines.clients.bucket.remove(engines.bucket, key)
    const failed = await archiveRecords(records, engines.archive)
    expect(sequencesOf(failed)).toEqual([records[1]?.dynamodb?.SequenceNumber])
    await setAside(failed, engines.archive)
    expect((await replayFailed(engines.archive)).failed.map(({ reason }) => reason)).toEqual(['NoSuchKey'])
    await engines.clients.bucket.put(engines.bucket, key, body)
    expect(await replayFailed(engines.archive)).toEqual({ records: 1, failed: [], more: false })
    expect(await keysUnder('failed/')).toEqual([])
    expect(await archivedIn(tenant)).toHaveLength(5)
  })
})

describe('a fault that may pass', () => {
  const refusing = (part: string): Archive => ({
    ...engines.archive,
    put: (key, text) =>
      key.includes(part) ? Promise.reject(new Error('SlowDown')) : engines.archive.put(key, text),
  })

  test('fails the records of the file that was not put, and no others', async () => {
    const tenant = newTenant()
    const store = engines.openStore(tenant)
    for (const type of ['Basic', 'Group', 'Basic'])
      await store.commit([
        put({ type, id: `x${type}`, code: 'a' }, await getOne(store, { type, id: `x${type}` })),
      ])
    const records = await recordsOf(engines, tenant)
    const failed = await archiveRecords(records, refusing('/Group/'))
    const group = records.find(({ dynamodb }) => dynamodb?.NewImage?.pk?.S?.includes('|Group|'))
    expect(sequencesOf(failed)).toEqual([group?.dynamodb?.SequenceNumber])
    expect(isHopeless(failed[0]?.error)).toBe(false)
    expect(await archivedIn(tenant)).toEqual(['xBasic/1', 'xBasic/2'])
    expect(await archiveRecords(records.slice(1), engines.archive)).toEqual([])
    expect(await archivedIn(tenant)).toContain('xGroup/1')
  })
})

describe('a replay', () => {
  test('archives what Lambda gave up on, from the record that it keeps in the bucket', async () => {
    const tenant = newTenant()
    const records = await fiveRecords(tenant)
    // https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    const invocation = {
      requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 21 },
      responseContext: { statusCode: 200, functionError: 'Unhandled' },
      version: '1.0',
      DDBStreamBatchInfo: { shardId: 'shardId-1', batchSize: 5 },
      payload: JSON.stringify({ Records: records }),
    }
    const key = 'aws/lambda/7e4c/shardId-1/2026/11/30/2026-11-30T10.00.00-1b2c'
    await engines.archive.putPlain(key, JSON.stringify(invocation))
    expect(await replayFailed(engines.archive)).toEqual({ records: 5, failed: [], more: false })
    expect(await archivedIn(tenant)).toHaveLength(5)
    expect(await keysUnder('aws/lambda/')).toEqual([])
  })

  test('stops when its time is up, and says so', async () => {
    const records = await fiveRecords(newTenant())
    await engines.archive.putPlain('failed/1.json', failedText(records.slice(0, 1), 'Failure'))
    await engines.archive.putPlain('failed/2.json', failedText(records.slice(1, 2), 'Failure'))
    let asked = 0
    expect(await replayFailed(engines.archive, () => ++asked > 1)).toMatchObject({ records: 1, more: true })
    expect(await replayFailed(engines.archive)).toMatchObject({ records: 1, more: false })
  })
})

describe('work on a batch', () => {
  const records: StreamRecord[] = [1, 2, 3, 4, 5, 6, 7].map((n) => ({ dynamodb: { SequenceNumber: `${n}` } }))

  test('leaves out the records alone whose content it cannot bear', async () => {
    const done: (string | undefined)[] = []
    const failed = await isolating(records, async (some) => {
      for (const { dynamodb } of some)
        if (['3', '6'].includes(dynamodb?.SequenceNumber ?? '')) throw new SyntaxError('no JSON')
      done.push(...some.map(({ dynamodb }) => dynamodb?.SequenceNumber))
    })
    expect(sequencesOf(failed)).toEqual(['3', '6'])
    expect(done.sort()).toEqual(['1', '2', '4', '5', '7'])
  })

  test('is not done over and over where the fault is none of a record', async () => {
    let times = 0
    const failed = await isolating(records, async () => {
      times++
      throw new Error('ECONNREFUSED')
    })
    expect([times, failed.length]).toEqual([1, 7])
  })
})

describe('a large body that was purged before it was archived', () => {
  test('is no fault, however often that happens', async () => {
    const tenant = newTenant()
    const store = engines.openStore(tenant)
    const key = { type: 'Group', id: 'large' }
    for (let round = 0; round < 3; round++) {
      const before = await getOne(store, key)
      await store.commit([put({ ...key, code: 'a', filler: randomFiller(700_000) }, before)])
      const last = await getOne(store, key)
      if (last) await store.commit([remove(last)])
      await store.purge(key, true)
    }
    const records = await recordsOf(engines, tenant)
    expect(records.length).toBeGreaterThan(8)
    expect(await archiveRecords(records, engines.archive)).toEqual([])
    expect((await archivedIn(tenant)).filter((version) => !version.endsWith('/2'))).toEqual([])
  })
})
