import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { testOptions } from '../../../../src/local/strict/options.ts'
import { type Engines, startEngines } from '../../../store/engines.ts'
import { clientOf, itemOf, keyOf, newName } from '../database.ts'

let engines: Engines
let client: ReturnType<typeof clientOf>
let TableName: string
let pk: string
beforeAll(async () => {
  const isolation = { ...testOptions.isolation, shortPages: 0, unprocessed: 0 }
  engines = await startEngines({ strict: { ...testOptions, isolation } })
  client = clientOf(engines)
  TableName = engines.tables.system
})
afterAll(() => engines?.stop())
beforeEach(() => {
  pk = newName()
  engines.strict.change({ heat: { limitKeys: false, limitTables: false } })
})

const heatOf = (key: string) =>
  Object.fromEntries(
    engines.strict
      .hottest(100_000)
      .filter((each) => each.key === key)
      .map(({ index = 'table', kind, units }) => [`${index} ${kind}`, units]),
  )
const long = 'x'.repeat(5_000)
const Key = () => keyOf(pk)
const putLong = () => client.send(new PutItemCommand({ TableName, Item: itemOf(pk, long) }))

test('single writes take a unit for each kilobyte of the larger of both items', async () => {
  await putLong()
  expect(heatOf(pk)).toEqual({ 'table write': 5 })
  await client.send(
    new UpdateItemCommand({
      TableName,
      Key: Key(),
      UpdateExpression: 'SET n = :n',
      ExpressionAttributeValues: { ':n': { N: '1' } },
    }),
  )
  expect(heatOf(pk)).toEqual({ 'table write': 10 })
  await client.send(new DeleteItemCommand({ TableName, Key: Key() }))
  expect(heatOf(pk)).toEqual({ 'table write': 15 })
})

test('reads take a unit for each four kilobytes, half of it where they may be stale', async () => {
  await putLong()
  const read = () => heatOf(pk)['table read']
  await client.send(new GetItemCommand({ TableName, Key: Key(), ConsistentRead: true }))
  expect(read()).toBe(2)
  await client.send(new GetItemCommand({ TableName, Key: Key() }))
  expect(read()).toBe(3)
  await client.send(
    new QueryCommand({
      TableName,
      ConsistentRead: true,
      KeyConditionExpression: '#p = :p',
      ExpressionAttributeNames: { '#p': 'pk' },
      ExpressionAttributeValues: { ':p': { S: pk } },
    }),
  )
  expect(read()).toBe(5)
})

test('a batch takes the units of its parts, each from the key of its own', async () => {
  await putLong()
  const none = newName()
  const Keys = [keyOf(pk), keyOf(none)]
  await client.send(
    new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } }),
  )
  expect([heatOf(pk)['table read'], heatOf(none)['table read']]).toEqual([2, 1])
  const requests = [
    { PutRequest: { Item: itemOf(none, long) } },
    { DeleteRequest: { Key: keyOf(newName()) } },
  ]
  await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }))
  expect(heatOf(none)['table write']).toBe(5)
})

test('a transaction takes twice the units of its writes', async () => {
  await client.send(
    new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName, Item: itemOf(pk, long) } }] }),
  )
  expect(heatOf(pk)).toEqual({ 'table write': 10 })
})

test('an index takes units from the keys of its own', async () => {
  const tpk = newName()
  const Item = { ...itemOf(pk, long), tpk: { S: tpk }, tsk: { S: 'a' } }
  await client.send(new PutItemCommand({ TableName: engines.tables.resources, Item }))
  expect(heatOf(tpk)).toEqual({ 'by-type write': 1 })
  await client.send(
    new QueryCommand({
      TableName: engines.tables.resources,
      IndexName: 'by-type',
      KeyConditionExpression: 'tpk = :p',
      ExpressionAttributeValues: { ':p': { S: tpk } },
    }),
  )
  expect(heatOf(tpk)).toEqual({ 'by-type write': 1, 'by-type read': 0.5 })
})

test('a key beyond its writes is throttled by AWS’s names, another one is not, and a client that repeats gets through', async () => {
  engines.strict.change({ heat: { limitKeys: true } })
  const Item = itemOf(pk, 'x'.repeat(300_000))
  const put = () => client.send(new PutItemCommand({ TableName, Item }))
  const ended = await Promise.allSettled(Array.from({ length: 8 }, put))
  const refused = ended.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
  expect(refused.length).toBeGreaterThan(0)
  expect(refused.length).toBeLessThan(8)
  for (const { reason } of refused)
    expect(reason.name).toMatch(
      /^(ProvisionedThroughputExceededException|ThrottlingException|RequestLimitExceeded)$/,
    )
  pk = newName()
  await putLong()
  await clientOf(engines, 10).send(new PutItemCommand({ TableName, Item }))
  expect(engines.strict.counts()['throttled by heat']).toBeGreaterThanOrEqual(refused.length)
})

test('who asks for no consumed capacity gets none, and who asks gets one table’s', async () => {
  const command = { TableName, Key: Key() }
  expect((await client.send(new GetItemCommand(command))).ConsumedCapacity).toBeUndefined()
  const { ConsumedCapacity } = await client.send(
    new GetItemCommand({ ...command, ReturnConsumedCapacity: 'TOTAL' }),
  )
  expect(ConsumedCapacity).toMatchObject({ TableName, CapacityUnits: 0.5 })
})
