import { wander } from '../chance.ts'
import { staleGet } from './stale.ts'
import { itemName } from './tables.ts'
import {
  type ConsumedCapacity,
  capacitiesOf,
  capacityAnswer,
  errorOf,
  fields,
  listIn,
  okAnswer,
  refusedAnswer,
  type WireAnswer,
  type WireCall,
  type WireItem,
  type WireJson,
} from './wire.ts'
import { type StrictContext, singleOf, writeOne } from './writes.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
const mostBatchReads = 100
const mostBatchWrites = 25
const mostBytes = 16 * 2 ** 20

/** A read or write of a batch. */
interface BatchPart {
  table: string
  /** A key, or a put or delete. */
  request: WireJson
}

const batchParts = (input: WireJson, requestsOf: (value: unknown) => readonly WireJson[]): BatchPart[] =>
  Object.entries(fields(input.RequestItems)).flatMap(([table, value]) =>
    requestsOf(value).map((request) => ({ table, request })),
  )

const requestedKeys = (value: unknown): readonly WireJson[] => listIn(fields(value).Keys)

const batchRefusal = async (
  { tables }: StrictContext,
  { send }: WireCall,
  parts: readonly BatchPart[],
  most: number,
  itemOf: (request: WireJson) => WireItem,
): Promise<WireAnswer | undefined> => {
  if (parts.length === 0 || parts.length > most)
    return refusedAnswer('ValidationException', `A batch takes 1 to ${most} items, not ${parts.length}.`)
  const names = new Set<string>()
  for (const { table, request } of parts) {
    const schema = await tables.schema(table, send)
    if (!schema) return refusedAnswer('ResourceNotFoundException', 'Requested resource not found')
    names.add(itemName(table, schema, itemOf(request)))
  }
  return names.size === parts.length
    ? undefined
    : refusedAnswer('ValidationException', 'Provided list of item keys contains duplicates')
}

/** Returns the parts that come back unprocessed: some of the parts in a few batches, never all. */
const unprocessedParts = (
  { chance, isolation }: StrictContext,
  parts: readonly BatchPart[],
): Set<BatchPart> => {
  if (parts.length < 2 || !chance.happens(isolation().unprocessed)) return new Set()
  return new Set(chance.shuffled(parts).slice(0, chance.whole(1, parts.length - 1)))
}

const throttling = new Set(['ProvisionedThroughputExceededException', 'ThrottlingException'])
const retried = new Set([...throttling, 'TransactionConflictException', 'InternalServerError'])

interface Done {
  part: BatchPart
  answer: WireAnswer
}

/** Performs the parts concurrently, each after a pause of its own. */
const inPieces = (
  { chance, isolation }: StrictContext,
  parts: readonly BatchPart[],
  perform: (part: BatchPart) => Promise<WireAnswer>,
): Promise<Done[]> =>
  Promise.all(
    parts.map(async (part) => {
      await wander(chance, isolation().pause)
      return { part, answer: await perform(part) }
    }),
  )

/** Performs BatchGetItem as single GetItems: DynamoDB isolates each read, not the batch. */
export const splitBatchGet = async (context: StrictContext, call: WireCall): Promise<WireAnswer> => {
  const { input, send } = call
  if (!context.isolation().splitBatches) return send(call.operation, input)
  const parts = batchParts(input, requestedKeys)
  const refusal = await batchRefusal(context, call, parts, mostBatchReads, (key) => key as WireItem)
  if (refusal) return refusal
  const left = unprocessedParts(context, parts)
  const read = parts.filter((part) => !left.has(part))
  const done = await inPieces(context, read, ({ table, request }) => {
    const { Keys: _, ...how } = fields(fields(input.RequestItems)[table])
    const get = { ...how, TableName: table, Key: request, ReturnConsumedCapacity: 'INDEXES' }
    return staleGet(context, { operation: 'GetItem', input: get, send })
  })
  const failed = done.find(({ answer }) => errorOf(answer) !== undefined)
  if (failed) return failed.answer
  return getAnswer(context, input, done, left)
}

const getAnswer = (
  { chance }: StrictContext,
  input: WireJson,
  done: readonly Done[],
  left: Set<BatchPart>,
): WireAnswer => {
  const responses: Record<string, unknown[]> = {}
  for (const table of Object.keys(fields(input.RequestItems))) responses[table] = []
  let bytes = 0
  // The answer's order is none that a client may rely on.
  for (const { part, answer } of chance.shuffled(done)) {
    const { Item } = answer.json
    bytes += Item ? JSON.stringify(Item).length : 0
    if (bytes > mostBytes) left.add(part)
    else if (Item) responses[part.table]?.push(Item)
  }
  const capacities = done.flatMap(({ answer }) => capacitiesOf(answer))
  const unread = [...Map.groupBy(left, ({ table }) => table)].map(([table, rest]) => {
    const how = fields(fields(input.RequestItems)[table])
    return [table, { ...how, Keys: rest.map(({ request }) => request) }] as const
  })
  return okAnswer({
    Responses: responses,
    UnprocessedKeys: Object.fromEntries(unread),
    ...capacityAnswer(input, capacities),
  })
}

const writtenItem = (request: WireJson): WireItem =>
  fields(fields(request.PutRequest).Item ?? fields(request.DeleteRequest).Key) as WireItem

/** Performs BatchWriteItem as single puts and deletes. */
export const splitBatchWrite = async (context: StrictContext, call: WireCall): Promise<WireAnswer> => {
  const { input, send } = call
  if (!context.isolation().splitBatches) return send(call.operation, input)
  const parts = batchParts(input, listIn)
  const refusal = await batchRefusal(context, call, parts, mostBatchWrites, writtenItem)
  if (refusal) return refusal
  const left = unprocessedParts(context, parts)
  const written = parts.filter((part) => !left.has(part))
  const done = await inPieces(context, written, ({ table, request }) => {
    const { operation, input: own } = singleOf(table, request)
    const perform = () => send(operation, own)
    return writeOne(context, { table, item: writtenItem(request), perform }, send)
  })
  return writeAnswer(input, done, left, parts.length)
}

const writeAnswer = (
  input: WireJson,
  done: readonly Done[],
  left: Set<BatchPart>,
  all: number,
): WireAnswer => {
  for (const { part, answer } of done) {
    const error = errorOf(answer)
    if (error === undefined) continue
    if (!retried.has(error)) return answer
    left.add(part)
  }
  if (left.size === all)
    return refusedAnswer(
      'ProvisionedThroughputExceededException',
      'The level of configured throughput was exceeded.',
    )
  const unwritten = [...Map.groupBy(left, ({ table }) => table)].map(
    ([table, rest]) => [table, rest.map(({ request }) => request)] as const,
  )
  const capacities: ConsumedCapacity[] = done.flatMap(({ answer }) => capacitiesOf(answer))
  return okAnswer({ UnprocessedItems: Object.fromEntries(unwritten), ...capacityAnswer(input, capacities) })
}
