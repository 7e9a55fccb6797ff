import type { DynamoDBRecord } from 'aws-lambda'
import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../../src/local/functions/environments.ts'
import { failureObject, invocable, restOf, retained } from '../../../src/local/strict/stream/delivery.ts'

const recordOf = (n: number, text = ''): DynamoDBRecord => ({
  dynamodb: {
    SequenceNumber: String(n),
    ApproximateCreationDateTime: 1_800_000_000 + n,
    NewImage: { text: { S: text } },
  },
})
const batch = [1, 2, 3, 4, 5].map((n) => recordOf(n))
const numbers = (records: readonly DynamoDBRecord[]) =>
  records.map(({ dynamodb }) => Number(dynamodb?.SequenceNumber))
const failing = (...ids: unknown[]): Outcome => ({
  kind: 'result',
  result: { batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) },
})
const rest = (outcome: Outcome, of = batch, bisects = true) => {
  const { batches, spent } = restOf(of, outcome, bisects)
  return { batches: batches.map(numbers), spent }
}

describe('of a batch', () => {
  test('nothing is left where the function names no failure, or answers nothing', () => {
    for (const result of [undefined, null, {}, { batchItemFailures: [] }, { batchItemFailures: null }])
      expect(rest({ kind: 'result', result })).toEqual({ batches: [], spent: 0 })
  })

  test('everything from the lowest failure on is left, and no try is spent', () => {
    expect(rest(failing('4', '3'))).toEqual({ batches: [[3, 4, 5]], spent: 0 })
  })

  test('all is left, and a try is spent, where the first record failed', () => {
    expect(rest(failing('1', '4'))).toEqual({ batches: [[1, 2, 3, 4, 5]], spent: 1 })
  })

  test('all is left where a failure is named that it does not hold', () => {
    for (const id of ['', null, undefined, '77']) expect(rest(failing('3', id)).spent).toBe(1)
  })

  test('both halves are left after an error, a timeout or a crash, and no try is spent', () => {
    for (const kind of ['error', 'timeout', 'crash'] as const)
      expect(rest({ kind, reason: '' })).toEqual({
        batches: [
          [1, 2],
          [3, 4, 5],
        ],
        spent: 0,
      })
  })

  test('a single record, and a batch that must not be split, spends a try', () => {
    const outcome: Outcome = { kind: 'error', reason: '' }
    expect(rest(outcome, batch.slice(0, 1))).toEqual({ batches: [[1]], spent: 1 })
    expect(rest(outcome, batch, false)).toEqual({ batches: [[1, 2, 3, 4, 5]], spent: 1 })
  })
})

test('records of six megabytes go in several invocations, in their order', () => {
  const large = [1, 2, 3, 4].map((n) => recordOf(n, 'x'.repeat(2_500_000)))
  expect(invocable(large).map(numbers)).toEqual([
    [1, 2],
    [3, 4],
  ])
})

test('records of more than 24 hours are gone', () => {
  const now = 1000 * (1_800_000_000 + 3) + 24 * 3_600_000
  expect(numbers(retained(batch, now))).toEqual([3, 4, 5])
})

test('a batch that was given up is told by its numbers, and its content is in the payload alone', () => {
  const { key, text } = failureObject(
    {
      batch: [recordOf(7, 'content'), recordOf(8, 'content')],
      shard: 'shardId-1',
      streamArn: 'arn:stream',
      function: 'StreamFunction',
      requestId: 'request',
      tries: 21,
      now: Date.parse('2026-12-01T10:20:30Z'),
    },
    'mapping',
  )
  expect(key).toBe('aws/lambda/mapping/shardId-1/2026/12/01/2026-12-01T10.20.30-request')
  const { payload, ...record } = JSON.parse(text)
  expect(record).toMatchObject({
    requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 21 },
    DDBStreamBatchInfo: {
      startSequenceNumber: '7',
      endSequenceNumber: '8',
      batchSize: 2,
      shardId: 'shardId-1',
    },
  })
  expect(JSON.stringify(record)).not.toContain('content')
  expect(JSON.parse(payload).Records).toHaveLength(2)
})
