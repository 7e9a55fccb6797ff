import {
  BatchExecuteStatementCommand,
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  type BatchGetItemCommandOutput,
  BatchWriteItemCommand,
  type BatchWriteItemCommandInput,
  type BatchWriteItemCommandOutput,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { laptopOptions, testOptions } from '../../../src/local/strict/options.ts'
import { type Engines, startEngines } from '../../store/engines.ts'
import { clientOf, itemOf, keyOf, newName, put } from './database.ts'

let engines: Engines
let send: DynamoDBClient['send']
beforeAll(async () => {
  engines = await startEngines()
  const client = clientOf(engines)
  send = client.send.bind(client)
})
afterAll(() => engines?.stop())
beforeEach(() =>
  engines.strict.change({
    isolation: { ...testOptions.isolation, shortPages: 0, splitPages: 0, unprocessed: 0 },
  }),
)

const table = () => engines.tables.system

/** Writes the same number into two items by one transaction, again and again, while `read` looks at them. */
const torn = async (read: () => Promise<(string | undefined)[]>): Promise<number> => {
  const [left, right] = [newName(), newName()]
  keys = [left, right]
  let ended = false
  const writing = (async () => {
    for (let n = 1; n <= 60; n++)
      await send(
        new TransactWriteItemsCommand({
          TransactItems: [left, right].map((pk) => ({
            Put: { TableName: table(), Item: itemOf(pk, String(n)) },
          })),
        }),
      )
    ended = true
  })()
  let halves = 0
  while (!ended) if (new Set(await read()).size > 1) halves++
  await writing
  return halves
}
let keys: string[] = []

describe('a transaction', () => {
  const both = async () => {
    const { Responses } = await send(
      new BatchGetItemCommand({
        RequestItems: { [table()]: { Keys: keys.map(keyOf), ConsistentRead: true } },
      }),
    )
    const items = Responses?.[table()] ?? []
    return keys.map((pk) => items.find((item) => item.pk?.S === pk)?.text?.S)
  }

  test('is seen by half by a BatchGetItem', async () => {
    expect(await torn(both)).toBeGreaterThan(0)
  })

  test('is seen whole by a BatchGetItem where nothing is split', async () => {
    engines.strict.change(laptopOptions)
    expect(await torn(both)).toBe(0)
  })

  test('is done once for one token, and its repetition succeeds without doing it again', async () => {
    const pk = newName()
    const command = (text: string) =>
      new TransactWriteItemsCommand({
        ClientRequestToken: pk,
        TransactItems: [
          {
            Put: {
              TableName: table(),
              Item: itemOf(pk, text),
              ConditionExpression: 'attribute_not_exists(pk)',
            },
          },
          { Put: { TableName: table(), Item: itemOf(`${pk}-other`, text) } },
        ],
      })
    await send(command('first'))
    await send(command('first'))
    await expect(send(command('second'))).rejects.toThrow(
      expect.objectContaining({ name: 'IdempotentParameterMismatchException' }),
    )
    const { Item } = await send(
      new GetItemCommand({ ConsistentRead: true, TableName: table(), Key: keyOf(pk) }),
    )
    expect(Item?.text?.S).toBe('first')
  })

  test('names the action whose condition is not met, with its item, and writes nothing', async () => {
    const [taken, free] = [newName(), newName()]
    await send(put(table(), taken, 'old'))
    const command = new TransactWriteItemsCommand({
      TransactItems: [
        { Put: { TableName: table(), Item: itemOf(free, 'new') } },
        {
          Update: {
            TableName: table(),
            Key: keyOf(taken),
            UpdateExpression: 'SET #text = :new',
            ConditionExpression: '#text = :other',
            ExpressionAttributeNames: { '#text': 'text' },
            ExpressionAttributeValues: { ':new': { S: 'new' }, ':other': { S: 'other' } },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          },
        },
      ],
    })
    await expect(send(command)).rejects.toThrow(
      expect.objectContaining({
        name: 'TransactionCanceledException',
        CancellationReasons: [
          expect.objectContaining({ Code: 'None' }),
          expect.objectContaining({ Code: 'ConditionalCheckFailed', Item: itemOf(taken, 'old') }),
        ],
      }),
    )
    const { Item } = await send(
      new GetItemCommand({ ConsistentRead: true, TableName: table(), Key: keyOf(free) }),
    )
    expect(Item).toBeUndefined()
  })

  test('makes other writers of its items conflict, plain ones and statements too', async () => {
    engines.strict.change({ isolation: { pause: 60 } })
    const names = Array.from({ length: 12 }, newName)
    const running = send(
      new TransactWriteItemsCommand({
        TransactItems: names.map((pk) => ({ Put: { TableName: table(), Item: itemOf(pk, 'transaction') } })),
      }),
    )
    let ended = false
    running.finally(() => {
      ended = true
    })
    const seen = new Set<unknown>()
    while (!ended) {
      const pk = names[0] ?? ''
      await send(put(table(), pk, 'plain')).catch((error: Error) => seen.add(error.name))
      const statement = { Statement: `UPDATE "${table()}" SET text = ? WHERE pk = ? AND sk = ?` }
      const { Responses } = await send(
        new BatchExecuteStatementCommand({
          Statements: [{ ...statement, Parameters: [{ S: 'statement' }, { S: pk }, { S: '#' }] }],
        }),
      )
      seen.add(Responses?.[0]?.Error?.Code)
    }
    await running
    expect([...seen]).toEqual(expect.arrayContaining(['TransactionConflictException', 'TransactionConflict']))
  })
})

describe('a batch', () => {
  test('comes back in part, and what came back can be asked for again until nothing is left', async () => {
    engines.strict.change({ isolation: { unprocessed: 1 } })
    const names = Array.from({ length: 20 }, newName)
    let writes: BatchWriteItemCommandInput['RequestItems'] = {
      [table()]: names.map((pk) => ({ PutRequest: { Item: itemOf(pk, 'batch') } })),
    }
    let rounds = 0
    while (writes && Object.keys(writes).length > 0) {
      const written: BatchWriteItemCommandOutput = await send(
        new BatchWriteItemCommand({ RequestItems: writes }),
      )
      writes = written.UnprocessedItems
      rounds++
    }
    expect(rounds).toBeGreaterThan(1)
    let reads: BatchGetItemCommandInput['RequestItems'] = {
      [table()]: { Keys: names.map(keyOf), ConsistentRead: true },
    }
    const found: unknown[] = []
    while (reads && Object.keys(reads).length > 0) {
      const read: BatchGetItemCommandOutput = await send(new BatchGetItemCommand({ RequestItems: reads }))
      found.push(...(read.Responses?.[table()] ?? []).map(({ pk }) => pk?.S))
      reads = read.UnprocessedKeys
    }
    expect(found.sort()).toEqual(names.sort())
  })

  test('is refused when it names one item twice', async () => {
    const Keys = ['same', 'same'].map(keyOf)
    await expect(send(new BatchGetItemCommand({ RequestItems: { [table()]: { Keys } } }))).rejects.toThrow(
      'duplicates',
    )
  })

  test('costs as many units as AWS bills, item by item', async () => {
    const big = newName()
    await send(new PutItemCommand({ TableName: table(), Item: itemOf(big, 'x'.repeat(9_000)) }))
    const Keys = [keyOf(big), keyOf(newName())]
    const { ConsumedCapacity } = await send(
      new BatchGetItemCommand({
        RequestItems: { [table()]: { Keys, ConsistentRead: true } },
        ReturnConsumedCapacity: 'TOTAL',
      }),
    )
    // Three times 4 KB, and the least unit for what is not there.
    expect(ConsumedCapacity).toEqual([{ TableName: table(), CapacityUnits: 4 }])
  })
})

describe('a page', () => {
  const pk = newName()
  const pages = async (more: object = {}) => {
    const sizes: number[] = []
    const found: unknown[] = []
    let start: object | undefined
    do {
      const { Items = [], LastEvaluatedKey } = await send(
        new QueryCommand({
          TableName: table(),
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: pk } },
          ...more,
          ...(start && { ExclusiveStartKey: start as never }),
        }),
      )
      sizes.push(Items.length)
      found.push(...Items.map(({ sk }) => sk?.S))
      start = LastEvaluatedKey
    } while (start)
    return { sizes, found }
  }
  const sortKeys = Array.from({ length: 50 }, (_, n) => String(n).padStart(3, '0'))
  const fill = (text: string) =>
    Promise.all(
      sortKeys.map((sk) =>
        send(new PutItemCommand({ TableName: table(), Item: { ...itemOf(pk, text), sk: { S: sk } } })),
      ),
    )

  test('ends anywhere before its limit, and what follows goes on behind it', async () => {
    await fill('small')
    engines.strict.change({ isolation: { shortPages: 1, splitPages: 0.5 } })
    const { sizes, found } = await pages({ Limit: 40, ConsistentRead: true })
    expect(sizes.length).toBeGreaterThan(2)
    expect(found).toEqual(sortKeys)
  })

  test('ends at a megabyte, read in one step or in several', async () => {
    await fill('x'.repeat(100_000))
    for (const splitPages of [0, 1]) {
      engines.strict.change({ isolation: { shortPages: 0, splitPages } })
      const { sizes, found } = await pages({ ConsistentRead: true })
      expect(Math.max(...sizes)).toBeLessThanOrEqual(11)
      expect(found).toEqual(sortKeys)
    }
  })
})

describe('a read that is not consistent', () => {
  const late = { indexLag: 300, staleReads: 1 }
  const read = async (pk: string, how: object = {}) => {
    const { Item } = await send(new GetItemCommand({ TableName: table(), Key: keyOf(pk), ...how }))
    return Item?.text?.S
  }
  const readBatch = async (pk: string) => {
    const { Responses } = await send(
      new BatchGetItemCommand({ RequestItems: { [table()]: { Keys: [keyOf(pk)] } } }),
    )
    return Responses?.[table()]?.[0]?.text?.S
  }
  const readPage = async (pk: string) => {
    const { Items } = await send(
      new QueryCommand({
        TableName: table(),
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: pk } },
      }),
    )
    return Items?.[0]?.text?.S
  }

  /** Returns every text that was read right after the second of two writes, in ten items. */
  const textsSeen = async (readText: (pk: string) => Promise<string | undefined>) => {
    const seen = new Set<string | undefined>()
    for (let n = 0; n < 10; n++) {
      const pk = newName()
      await send(put(table(), pk, 'old'))
      await engines.strict.settled()
      await send(put(table(), pk, 'new'))
      for (let again = 0; again < 4; again++) seen.add(await readText(pk))
    }
    return [...seen].sort()
  }

  test('sees the state before the last write now and then, alone, in a batch and in a page', async () => {
    engines.strict.change({ isolation: { ...late, pause: 0 } })
    for (const one of [read, readBatch, readPage]) expect(await textsSeen(one)).toEqual(['new', 'old'])
  })

  test('sees the last write when it is asked for consistently', async () => {
    engines.strict.change({ isolation: late })
    expect(await textsSeen((pk) => read(pk, { ConsistentRead: true }))).toEqual(['new'])
  })

  test('sees the last write once reads have settled', async () => {
    engines.strict.change({ isolation: late })
    const pk = newName()
    await send(put(table(), pk, 'old'))
    await send(put(table(), pk, 'new'))
    await engines.strict.settled()
    expect(await read(pk)).toBe('new')
  })

  test('keeps seeing what a refused write did not change', async () => {
    engines.strict.change({ isolation: late })
    const pk = newName()
    await send(put(table(), pk, 'old'))
    await engines.strict.settled()
    const refused = new PutItemCommand({
      TableName: table(),
      Item: itemOf(pk, 'new'),
      ConditionExpression: 'attribute_not_exists(pk)',
    })
    await expect(send(refused)).rejects.toThrow(
      expect.objectContaining({ name: 'ConditionalCheckFailedException' }),
    )
    expect(await read(pk)).toBe('old')
  })
})

describe('an index', () => {
  const indexed = (pk: string, tsk: string, text: string) =>
    new PutItemCommand({
      TableName: engines.tables.resources,
      Item: { ...itemOf(pk, text), tpk: { S: pk }, tsk: { S: tsk } },
    })
  const listed = async (pk: string) => {
    const { Items } = await send(
      new QueryCommand({
        TableName: engines.tables.resources,
        IndexName: 'by-type',
        KeyConditionExpression: 'tpk = :pk',
        ExpressionAttributeValues: { ':pk': { S: pk } },
      }),
    )
    return Items?.map(({ tsk }) => tsk?.S)
  }

  test('lacks a write until it has caught up', async () => {
    engines.strict.change({ isolation: { indexLag: 2_000 } })
    const names = Array.from({ length: 5 }, newName)
    await Promise.all(names.map((pk) => send(indexed(pk, '1', 'first'))))
    const shown = (await Promise.all(names.map(listed))).flat()
    expect(shown.length).toBeLessThan(names.length)
    await engines.strict.settled()
    expect((await Promise.all(names.map(listed))).flat()).toHaveLength(names.length)
  })

  test('shows an item whose write left the keys of the index as they were', async () => {
    engines.strict.change({ isolation: { indexLag: 0 } })
    const pk = newName()
    await send(indexed(pk, '1', 'first'))
    engines.strict.change({ isolation: { indexLag: 300 } })
    await send(indexed(pk, '1', 'second'))
    expect(await listed(pk)).toEqual(['1'])
  })
})
