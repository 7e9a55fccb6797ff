import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { noFaults } from '../../../src/local/strict/options.ts'
import { type Engines, startEngines } from '../../store/engines.ts'
import { clientOf, itemOf, keyOf, newName } from './database.ts'

let engines: Engines
let client: ReturnType<typeof clientOf>
let bucket: S3Client
beforeAll(async () => {
  engines = await startEngines()
  client = clientOf(engines)
  bucket = new S3Client({
    endpoint: engines.strict.endpoints.s3,
    region: 'eu-central-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    maxAttempts: 1,
  })
})
afterAll(() => engines?.stop())
afterEach(() => engines.strict.change({ faults: noFaults, signatures: { mostSkewSeconds: 300 } }))

const put = (pk: string) =>
  client.send(new PutItemCommand({ TableName: engines.tables.system, Item: itemOf(pk, 'text') }))
const isThere = async (pk: string) => {
  engines.strict.change({ faults: noFaults })
  const { Item } = await client.send(
    new GetItemCommand({ TableName: engines.tables.system, Key: keyOf(pk), ConsistentRead: true }),
  )
  return Item !== undefined
}
const putObject = (Key: string) =>
  bucket.send(new PutObjectCommand({ Bucket: engines.bucket, Key, Body: 'text' }))

describe('DynamoDB', () => {
  for (const [fault, name] of [
    ['throttled', /^(ProvisionedThroughputExceededException|ThrottlingException|RequestLimitExceeded)$/],
    ['conflict', /^TransactionConflictException$/],
    ['internal', /^InternalServerError$/],
    ['expired', /^ExpiredTokenException$/],
  ] as const)
    test(`answers ${fault} by the name that AWS gives it`, async () => {
      engines.strict.change({ faults: { [fault]: 1 } })
      const error = await put(newName()).catch((thrown: Error) => thrown)
      expect(error).toBeInstanceOf(Error)
      expect((error as Error).name).toMatch(name)
    })

  test('cuts a connection before a write, or after the write took effect', async () => {
    for (const [fault, expected] of [
      ['cutBefore', false],
      ['cutAfter', true],
    ] as const) {
      engines.strict.change({ faults: { [fault]: 1 } })
      const pk = newName()
      await expect(put(pk)).rejects.toThrow()
      expect(await isThere(pk)).toBe(expected)
    }
  })

  test('lets a connection hang as long as it is told to, then cuts it', async () => {
    engines.strict.change({ faults: { hung: 1, hangMilliseconds: 300 } })
    const began = performance.now()
    await expect(put(newName())).rejects.toThrow()
    expect(performance.now() - began).toBeGreaterThanOrEqual(290)
  })

  test('meets as many faults as it counts, the same ones by the same seed', async () => {
    const run = async () => {
      const own = await startEngines()
      own.strict.change({ faults: { throttled: 0.3 } })
      const one = clientOf(own)
      const outcomes: boolean[] = []
      for (let n = 0; n < 30; n++)
        await one.send(new GetItemCommand({ TableName: own.tables.system, Key: keyOf('none') })).then(
          () => outcomes.push(true),
          () => outcomes.push(false),
        )
      const counted = own.strict.counts()['fault throttled']
      await own.stop()
      return { outcomes, counted }
    }
    const [first, second] = [await run(), await run()]
    expect(second).toEqual(first)
    expect(first.outcomes.filter((went) => !went)).toHaveLength(first.counted ?? 0)
    expect(first.counted).toBeGreaterThan(0)
  })
})

describe('S3', () => {
  for (const [fault, name] of [
    ['slowDown', 'SlowDown'],
    ['internal', 'InternalError'],
    ['expired', 'ExpiredToken'],
  ] as const)
    test(`answers ${fault} by the name that AWS gives it`, async () => {
      engines.strict.change({ faults: { [fault]: 1 } })
      await expect(putObject('key')).rejects.toThrow(expect.objectContaining({ name }))
    })
})

describe('a signature', () => {
  const outcome = (asking: Promise<unknown>): Promise<string> =>
    asking.then(
      () => 'done',
      (error: Error) => `${error.name} ${error.message}`,
    )

  /** Asks by a clock that is off by so many seconds. */
  const database = (seconds: number): Promise<string> => {
    const own = clientOf(engines)
    own.config.systemClockOffset = seconds * 1000
    const command = new GetItemCommand({ TableName: engines.tables.system, Key: keyOf('none') })
    return outcome(own.send(command))
  }

  const object = (seconds: number): Promise<string> => {
    bucket.config.systemClockOffset = seconds * 1000
    return outcome(bucket.send(new GetObjectCommand({ Bucket: engines.bucket, Key: 'none' })))
  }

  test('of up to five minutes before or after is taken', async () => {
    for (const seconds of [-280, 0, 280]) expect(await database(seconds)).toBe('done')
  })

  test('further off is refused by each service in its words', async () => {
    expect(await database(-320)).toMatch(/^InvalidSignatureException Signature expired: .* - 5 min\.\)$/)
    expect(await database(320)).toMatch(/^InvalidSignatureException Signature not yet current: /)
    expect(await object(-320)).toMatch(/^RequestTimeTooSkewed /)
  })

  test('is corrected by the client, whose next try succeeds', async () => {
    const own = clientOf(engines, 3)
    own.config.systemClockOffset = -900_000
    const { $metadata } = await own.send(
      new GetItemCommand({ TableName: engines.tables.system, Key: keyOf('none') }),
    )
    expect($metadata.attempts).toBe(2)
  })
})
