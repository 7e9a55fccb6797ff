import type { Chance } from '../chance.ts'
import type { IsolationOptions } from '../options.ts'
import type { Lag } from './lag.ts'
import type { Locks } from './locks.ts'
import { itemName, type Schema, type Tables } from './tables.ts'
import { type Answer, type Call, fields, type Input, type Item, refused, type Send } from './wire.ts'

/** Everything that operations share. */
export interface Context {
  chance: Chance
  isolation(): IsolationOptions
  tables: Tables
  locks: Locks
  lag: Lag
}

/** One write of one item. */
export interface Write {
  table: string
  /** The item's key, or the whole item. */
  item: Item
  /** Carries it out in the engine. */
  perform(): Promise<Answer>
}

export const conflict = (): Answer =>
  refused('TransactionConflictException', 'Transaction is ongoing for the item')

const noTable = (): Answer => refused('ResourceNotFoundException', 'Requested resource not found')

/** Writes one item, unless a transaction is under way on it. */
export const writeOne = async (
  context: Context,
  { table, item, perform }: Write,
  send: Send,
): Promise<Answer> => {
  const schema = await context.tables.schema(table, send)
  if (!schema) return noTable()
  const name = itemName(table, schema, item)
  if (!context.locks.plain(name)) return conflict()
  try {
    return await hiddenFromIndexes(context, { table, schema, item }, perform)
  } finally {
    context.locks.release([name])
  }
}

/** Performs a write that the table's indexes show later. */
export const hiddenFromIndexes = async (
  { lag }: Context,
  { table, schema, item }: { table: string; schema: Schema; item: Item },
  perform: () => Promise<Answer>,
): Promise<Answer> => {
  if (schema.indexes.size === 0) return perform()
  lag.hide(itemName(table, schema, item))
  return perform()
}

/** PutItem, UpdateItem and DeleteItem. */
export const single = (context: Context, { operation, input, send }: Call): Promise<Answer> =>
  writeOne(
    context,
    {
      table: String(input.TableName),
      item: fields(input.Item ?? input.Key) as Item,
      perform: () => send(operation, input),
    },
    send,
  )

/** Returns the request of a put or a delete of a BatchWriteItem as one of its own. */
export const singleOf = (table: string, request: Input): { operation: string; input: Input } => {
  const put = request.PutRequest === undefined ? undefined : fields(request.PutRequest)
  const more = { TableName: table, ReturnConsumedCapacity: 'INDEXES' }
  return put
    ? { operation: 'PutItem', input: { ...more, Item: put.Item } }
    : { operation: 'DeleteItem', input: { ...more, Key: fields(request.DeleteRequest).Key } }
}
