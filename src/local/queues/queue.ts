// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html
import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import type { Queue } from '../deployed/model.ts'

export interface QueuedMessage {
  id: string
  body: string
  /** Names this delivery: a message that was delivered again is deleted only by its last receipt. */
  receipt: string
  /** Milliseconds since 1970. */
  sent: number
  firstReceived: number
  receives: number
}

/** Standard queues, stored on disk: every message is delivered at least once, in no guaranteed order. */
export interface Queues {
  send(queue: string, body: string): void
  /** Returns at most `count` visible messages and hides them for the queue's visibility timeout. */
  receive(queue: string, count: number): QueuedMessage[]
  delete(queue: string, receipt: string): void
  /** Returns the number of a queue's messages, including the invisible. */
  size(queue: string): number
  close(): void
}

export interface QueuesOptions {
  /** The file of the messages. */
  path: string
  queues: readonly Queue[]
  /** Milliseconds since 1970. */
  now?: () => number
  /** Makes the queue deliver a message twice whenever it returns true, as a standard queue may. */
  twice?: () => boolean
}

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS messages (
    id TEXT PRIMARY KEY, queue TEXT NOT NULL, body TEXT NOT NULL, sent INTEGER NOT NULL, visible INTEGER NOT NULL,
    receives INTEGER NOT NULL DEFAULT 0, first_received INTEGER, receipt TEXT
  )`

interface MessageRow {
  id: string
  body: string
  sent: number
  receives: number
  first_received: number | null
}

/** Opens the queues of a file; their methods fail on a name that the template does not declare. */
export const openQueues = ({ path, queues, now = Date.now, twice = () => false }: QueuesOptions): Queues => {
  const database = new DatabaseSync(path)
  database.exec(schema)
  const named = new Map(queues.map((queue) => [queue.name, queue]))
  const queueOf = (name: string): Queue => {
    const queue = named.get(name)
    if (!queue) throw new Error(`The template declares no queue ${name}.`)
    return queue
  }
  const expire = database.prepare('DELETE FROM messages WHERE queue = ? AND sent <= ?')
  const bury = database.prepare(
    'UPDATE messages SET queue = ?, visible = ?, receives = 0, receipt = NULL WHERE queue = ? AND visible <= ? AND receives >= ?',
  )
  const visible = database.prepare(
    'SELECT * FROM messages WHERE queue = ? AND visible <= ? ORDER BY visible, sent LIMIT ?',
  )
  const deliver = database.prepare(
    'UPDATE messages SET visible = ?, receives = ?, first_received = ?, receipt = ? WHERE id = ?',
  )

  const receiveOne = (row: MessageRow, { visibilitySeconds }: Queue): QueuedMessage => {
    const message = {
      id: row.id,
      body: row.body,
      receipt: randomUUID(),
      sent: row.sent,
      firstReceived: row.first_received ?? now(),
      receives: row.receives + 1,
    }
    const until = twice() ? now() : now() + visibilitySeconds * 1000
    deliver.run(until, message.receives, message.firstReceived, message.receipt, row.id)
    return message
  }

  return {
    send: (name, body) => {
      database
        .prepare('INSERT INTO messages (id, queue, body, sent, visible) VALUES (?, ?, ?, ?, ?)')
        .run(randomUUID(), queueOf(name).name, body, now(), now())
    },
    receive: (name, count) => {
      const queue = queueOf(name)
      expire.run(name, now() - queue.retentionSeconds * 1000)
      if (queue.redrive) bury.run(queue.redrive.queue, now(), name, now(), queue.redrive.receives)
      return (visible.all(name, now(), count) as unknown as MessageRow[]).map((row) => receiveOne(row, queue))
    },
    delete: (name, receipt) => {
      database
        .prepare('DELETE FROM messages WHERE queue = ? AND receipt = ?')
        .run(queueOf(name).name, receipt)
    },
    size: (name) => {
      const counted = database.prepare('SELECT count(*) AS size FROM messages WHERE queue = ?').get(name)
      return Number(counted?.size)
    },
    close: () => database.close(),
  }
}
