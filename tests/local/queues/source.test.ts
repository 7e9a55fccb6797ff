import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SQSEvent } from 'aws-lambda'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Outcome } from '../../../src/local/functions/environments.ts'
import { openQueues, type Queues } from '../../../src/local/queues/queue.ts'
import { type QueuePoller, startQueuePoller } from '../../../src/local/queues/source.ts'

const done: Outcome = { kind: 'result', result: undefined }

let directory: string
let queues: Queues
let poller: QueuePoller | undefined

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pilotlight-queue-'))
  queues = openQueues({
    path: join(directory, 'queues.db'),
    queues: [{ name: 'work', visibilitySeconds: 0, retentionSeconds: 600 }],
  })
})
afterEach(async () => {
  await poller?.stop()
  queues.close()
  rmSync(directory, { recursive: true })
})

const start = (invoke: (event: SQSEvent) => Promise<Outcome>, source = {}): void => {
  const usual = { queue: 'work', batchSize: 1, concurrency: 2, reportsFailures: false }
  poller = startQueuePoller({ queues, source: { ...usual, ...source }, invoke })
}

/** Collects the bodies of so many invocations. */
const heard = (count: number, answer: (bodies: string[], nth: number) => Promise<Outcome>, source = {}) =>
  new Promise<string[][]>((resolve) => {
    const all: string[][] = []
    start(async ({ Records }) => {
      const bodies = Records.map(({ body }) => body)
      all.push(bodies)
      const outcome = await answer(bodies, all.length)
      if (all.length === count) setImmediate(() => resolve(all))
      return outcome
    }, source)
  })

test('a message that the function took is gone, one that it failed on comes again', async () => {
  queues.send('work', 'a')
  const failed: Outcome = { kind: 'error', reason: 'no' }
  expect(await heard(2, async (_, nth) => (nth === 1 ? failed : done), { concurrency: 1 })).toEqual([
    ['a'],
    ['a'],
  ])
  await poller?.stop()
  expect(queues.size('work')).toBe(0)
})

test('of a batch only the messages that the function names come again', async () => {
  for (const body of ['a', 'b', 'c']) queues.send('work', body)
  const events: SQSEvent[] = []
  await new Promise<void>((resolve) => {
    start(
      async (event) => {
        events.push(event)
        if (events.length === 2) setImmediate(resolve)
        const failed = event.Records.filter(({ body }) => body === 'b' && events.length === 1)
        return {
          kind: 'result',
          result: { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) },
        }
      },
      { batchSize: 10, concurrency: 1, reportsFailures: true },
    )
  })
  expect(events.map(({ Records }) => Records.map(({ body }) => body).sort())).toEqual([
    ['a', 'b', 'c'],
    ['b'],
  ])
  expect(events[1]?.Records[0]).toMatchObject({
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:local:000000000000:work',
    attributes: { ApproximateReceiveCount: '2' },
  })
})

test('no more invocations are under way than the event source allows', async () => {
  let [now, most] = [0, 0]
  const visible = openQueues({
    path: join(directory, 'other.db'),
    queues: [{ name: 'work', visibilitySeconds: 600, retentionSeconds: 600 }],
  })
  queues.close()
  queues = visible
  for (const body of ['a', 'b', 'c', 'd']) queues.send('work', body)
  await heard(4, async () => {
    most = Math.max(most, ++now)
    await new Promise((resolve) => setTimeout(resolve, 50))
    now--
    return done
  })
  expect(most).toBe(2)
})
