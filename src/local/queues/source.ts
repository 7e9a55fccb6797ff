// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import type { QueueSource } from '../deployed/model.ts'
import { localAccount, localRegion } from '../deployed/scope.ts'
import type { Outcome } from '../functions/environments.ts'
import type { QueuedMessage, Queues } from './queue.ts'

export interface QueuePoller {
  stop(): Promise<void>
}

export interface QueuePollerOptions {
  queues: Queues
  source: QueueSource
  invoke(event: SQSEvent): Promise<Outcome>
}

const queueIdleMilliseconds = 100

/**
 * Passes a queue's messages to a function, in as many concurrent invocations as the event source allows, and deletes the
 * messages that succeeded; failed messages are delivered again when they become visible.
 */
export const startQueuePoller = ({ queues, source, invoke }: QueuePollerOptions): QueuePoller => {
  let stopping = false
  const run = async (): Promise<void> => {
    while (!stopping) {
      const messages = queues.receive(source.queue, source.batchSize)
      if (messages.length === 0) await sleep(queueIdleMilliseconds)
      else await handOver(messages)
    }
  }
  const handOver = async (messages: readonly QueuedMessage[]): Promise<void> => {
    const outcome = await invoke({ Records: messages.map((message) => sqsRecord(message, source.queue)) })
    for (const { receipt } of takenMessages(messages, outcome, source)) queues.delete(source.queue, receipt)
  }
  const running = Array.from({ length: source.concurrency }, run)
  for (const each of running) each.catch(console.error)
  return {
    stop: async () => {
      stopping = true
      await Promise.allSettled(running)
    },
  }
}

const takenMessages = (
  messages: readonly QueuedMessage[],
  outcome: Outcome,
  source: QueueSource,
): readonly QueuedMessage[] => {
  if (outcome.kind !== 'result') return []
  if (!source.reportsFailures) return messages
  const { batchItemFailures = [] } = (outcome.result ?? {}) as Partial<SQSBatchResponse>
  const failed = new Set(batchItemFailures.map((failure) => failure.itemIdentifier))
  return messages.filter(({ id }) => !failed.has(id))
}

const sqsRecord = (message: QueuedMessage, queue: string): SQSRecord => ({
  messageId: message.id,
  receiptHandle: message.receipt,
  body: message.body,
  attributes: {
    ApproximateReceiveCount: String(message.receives),
    SentTimestamp: String(message.sent),
    SenderId: localAccount,
    ApproximateFirstReceiveTimestamp: String(message.firstReceived),
  },
  messageAttributes: {},
  md5OfBody: createHash('md5').update(message.body).digest('hex'),
  eventSource: 'aws:sqs',
  eventSourceARN: `arn:aws:sqs:${localRegion}:${localAccount}:${queue}`,
  awsRegion: localRegion,
})
