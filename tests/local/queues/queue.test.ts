import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openQueues, type Queues, type QueuesOptions } from '../../../src/local/queues/queue.ts'

const dead = { name: 'dead', visibilitySeconds: 30, retentionSeconds: 1000 }
const work = {
  name: 'work',
  visibilitySeconds: 60,
  retentionSeconds: 600,
  redrive: { queue: 'dead', receives: 2 },
}

let directory: string
let time: number
let queues: Queues

const open = (options: Partial<QueuesOptions> = {}): Queues =>
  openQueues({ path: join(directory, 'queues.db'), queues: [work, dead], now: () => time, ...options })

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pilotlight-queue-'))
  time = 1_000_000
  queues = open()
})
afterEach(() => {
  queues.close()
  rmSync(directory, { recursive: true })
})

const bodies = (name = 'work', count = 10): string[] => queues.receive(name, count).map(({ body }) => body)

describe('a queue', () => {
  test('delivers a message again when it was not deleted in time, and then not before the next time-out', () => {
    queues.send('work', 'a')
    expect(bodies()).toEqual(['a'])
    time += 59_999
    expect(bodies()).toEqual([])
    time += 1
    expect(bodies()).toEqual(['a'])
    expect(bodies()).toEqual([])
  })

  test('counts deliveries and remembers the first', () => {
    queues.send('work', 'a')
    const [first] = queues.receive('work', 1)
    time += 60_000
    const [second] = queues.receive('work', 1)
    expect([first?.receives, second?.receives]).toEqual([1, 2])
    expect([second?.sent, second?.firstReceived, second?.id]).toEqual([1_000_000, 1_000_000, first?.id])
  })

  test('moves a message that was delivered in vain as often as it may be to the queue of the dead', () => {
    queues.send('work', 'a')
    for (let receives = 0; receives < 2; receives++) {
      expect(bodies()).toEqual(['a'])
      time += 60_000
    }
    expect(queues.size('dead')).toBe(0)
    expect(bodies()).toEqual([])
    expect([queues.size('work'), bodies('dead')]).toEqual([0, ['a']])
  })

  test('deletes by the last receipt, not by an earlier one', () => {
    queues.send('work', 'a')
    const [first] = queues.receive('work', 1)
    time += 60_000
    const [second] = queues.receive('work', 1)
    queues.delete('work', first?.receipt ?? '')
    expect(queues.size('work')).toBe(1)
    queues.delete('work', second?.receipt ?? '')
    expect(queues.size('work')).toBe(0)
  })

  test('forgets what is older than its retention', () => {
    queues.send('work', 'a')
    time += 600_000
    expect([bodies(), queues.size('work')]).toEqual([[], 0])
  })

  test('keeps its messages when it is closed and opened', () => {
    queues.send('work', 'a')
    queues.close()
    queues = open()
    expect(bodies()).toEqual(['a'])
  })

  test('delivers a message twice where it is told to, as SQS may', () => {
    queues.close()
    let times = 0
    queues = open({ twice: () => ++times === 1 })
    queues.send('work', 'a')
    expect([bodies(), bodies(), bodies()]).toEqual([['a'], ['a'], []])
  })

  test('takes no message for a queue that is not declared', () => {
    expect(() => queues.send('other', 'a')).toThrow('no queue other')
  })
})
