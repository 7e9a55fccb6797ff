import { wander } from '../chance.ts'
import { itemName } from './tables.ts'
import {
  type Answer,
  type Call,
  type Capacity,
  capacitiesOf,
  capacityAnswer,
  errorOf,
  fields,
  type Input,
  type Item,
  ok,
  records,
  refused,
} from './wire.ts'
import { type Context, singleOf, writeOne } from './writes.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
const mostReads = 100
const mostWrites = 25
const mostBytes = 16 * 2 ** 20

/** One read or write of a batch. */
interface Part {
  table: string
  /** A key, or a put or delete. */
  request: Input
}

const partsOf = (input: Input, requestsOf: (value: unknown) => readonly Input[]): Part[] =>
  Object.entries(fields(input.RequestItems)).flatMap(([table, value]) =>
    requestsOf(value).map((request) => ({ table, request })),
  )

const keysOf = (value: unknown): readonly Input[] => records(fields(value).Keys)

const refusalOf = async (
  { tables }: Context,
  { send }: Call,
  parts: readonly Part[],
  most: number,
  itemOf: (request: Input) => Item,
): Promise<Answer | undefined> => {
  if (parts.length === 0 || parts.length > most)
    return refused('ValidationException', `A batch takes 1 to ${most} items, not ${parts.length}.`)
  const names = new Set<string>()
  for (const { table, request } of parts) {
    const schema = await tables.schema(table, send)
    if (!schema) return refused('ResourceNotFoundException', 'Requested resource not found')
    names.add(itemName(table, schema, itemOf(request)))
  }
  return names.size === parts.length
    ? undefined
    : refused('ValidationException', 'Provided list of item keys contains duplicates')
}

/** Splits off what comes back unprocessed: some of a few batches, never all. */
const withheld = ({ chance, isolation }: Context, parts: readonly Part[]): Set<Part> => {
  if (parts.length < 2 || !chance.happens(isolation().unprocessed)) return new Set()
  return new Set(chance.shuffled(parts).slice(0, chance.whole(1, parts.length - 1)))
}

const throttling = new Set(['ProvisionedThroughputExceededException', 'ThrottlingException'])
const retried = new Set([...throttling, 'TransactionConflictException', 'InternalServerError'])

interface Done {
  part: Part
  answer: Answer
}

/** Carries out parts beside each other, each after a pause of its own. */
const inPieces = (
  { chance, isolation }: Context,
  parts: readonly Part[],
  perform: (part: Part) => Promise<Answer>,
): Promise<Done[]> =>
  Promise.all(
    parts.map(async (part) => {
      await wander(chance, isolation().pause)
      return { part, answer: await perform(part) }
    }),
  )

/** BatchGetItem as single GetItems: each of them is what DynamoDB isolates, the batch is not. */
export const batchGet = async (context: Context, call: Call): Promise<Answer> => {
  const { input, send } = call
  if (!context.isolation().splitBatches) return send(call.operation, input)
  const parts = partsOf(input, keysOf)
  const refusal = await refusalOf(context, call, parts, mostReads, (key) => key as Item)
  if (refusal) return refusal
  const left = withheld(context, parts)
  const read = parts.filter((part) => !left.has(part))
  const done = await inPieces(context, read, ({ table, request }) => {
    const { Keys: _, ...how } = fields(fields(input.RequestItems)[table])
    return send('GetItem', { ...how, TableName: table, Key: request, ReturnConsumedCapacity: 'INDEXES' })
  })
  const failed = done.find(({ answer }) => errorOf(answer) !== undefined)
  if (failed) return failed.answer
  return getAnswer(context, input, done, left)
}

const getAnswer = ({ chance }: Context, input: Input, done: readonly Done[], left: Set<Part>): Answer => {
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
  return ok({
    Responses: responses,
    UnprocessedKeys: Object.fromEntries(unread),
    ...capacityAnswer(input, capacities),
  })
}

const writtenItem = (request: Input): Item =>
  fields(fields(request.PutRequest).Item ?? fields(request.DeleteRequest).Key) as Item

/** BatchWriteItem as single puts and deletes. */
export const batchWrite = async (context: Context, call: Call): Promise<Answer> => {
  const { input, send } = call
  if (!context.isolation().splitBatches) return send(call.operation, input)
  const parts = partsOf(input, records)
  const refusal = await refusalOf(context, call, parts, mostWrites, writtenItem)
  if (refusal) return refusal
  const left = withheld(context, parts)
  const written = parts.filter((part) => !left.has(part))
  const done = await inPieces(context, written, ({ table, request }) => {
    const { operation, input: own } = singleOf(table, request)
    const perform = () => send(operation, own)
    return writeOne(context, { table, item: writtenItem(request), perform }, send)
  })
  return writeAnswer(input, done, left, parts.length)
}

const writeAnswer = (input: Input, done: readonly Done[], left: Set<Part>, all: number): Answer => {
  for (const { part, answer } of done) {
    const error = errorOf(answer)
    if (error === undefined) continue
    if (!retried.has(error)) return answer
    left.add(part)
  }
  if (left.size === all)
    return refused(
      'ProvisionedThroughputExceededException',
      'The level of configured throughput was exceeded.',
    )
  const unwritten = [...Map.groupBy(left, ({ table }) => table)].map(
    ([table, rest]) => [table, rest.map(({ request }) => request)] as const,
  )
  const capacities: Capacity[] = done.flatMap(({ answer }) => capacitiesOf(answer))
  return ok({ UnprocessedItems: Object.fromEntries(unwritten), ...capacityAnswer(input, capacities) })
}
