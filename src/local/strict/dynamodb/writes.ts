import type { Chance } from '../chance.ts'
import type { IsolationOptions } from '../options.ts'
import type { Lag } from './lag.ts'
import type { Locks } from './locks.ts'
import { itemName, type KnownTables, type Schema } from './tables.ts'
import {
  errorOf,
  fields,
  listIn,
  refusedAnswer,
  type SendOperation,
  type WireAnswer,
  type WireCall,
  type WireItem,
  type WireJson,
} from './wire.ts'

/** Everything that operations share. */
export interface StrictContext {
  chance: Chance
  isolation(): IsolationOptions
  tables: KnownTables
  locks: Locks
  lag: Lag
}

/** A write of an item. */
export interface SingleWrite {
  table: string
  /** The item's key, or the whole item. */
  item: WireItem
  /** Performs the write in the engine. */
  perform(): Promise<WireAnswer>
}

export const conflict = (): WireAnswer =>
  refusedAnswer('TransactionConflictException', 'Transaction is ongoing for the item')

const noTable = (): WireAnswer => refusedAnswer('ResourceNotFoundException', 'Requested resource not found')

/** Writes an item, or returns a conflict when a transaction has locked it. */
export const writeOne = async (
  context: StrictContext,
  { table, item, perform }: SingleWrite,
  send: SendOperation,
): Promise<WireAnswer> => {
  const schema = await context.tables.schema(table, send)
  if (!schema) return noTable()
  const name = itemName(table, schema, item)
  if (!context.locks.plain(name)) return conflict()
  try {
    return await shownLate(context, { table, schema, item }, perform, send)
  } finally {
    context.locks.release([name])
  }
}

/** Performs a write that the table's indexes and reads that are not consistent show later. */
export const shownLate = async (
  { lag }: StrictContext,
  { table, schema, item }: { table: string; schema: Schema; item: WireItem },
  perform: () => Promise<WireAnswer>,
  send: SendOperation,
): Promise<WireAnswer> => {
  const delay = lag.draw(schema.indexes.size > 0)
  if (!delay) return perform()
  const Key = Object.fromEntries(schema.key.map((name) => [name, item[name]]))
  const { json } = await send('GetItem', { TableName: table, Key, ConsistentRead: true })
  const takeBack = lag.hide(itemName(table, schema, item), json.Item as WireItem | undefined, delay)
  const answer = await perform()
  if (wroteNothing(answer)) takeBack()
  return answer
}

const wroteNothing = (answer: WireAnswer): boolean =>
  errorOf(answer) !== undefined ||
  listIn(answer.json.Responses).some(({ Error: error }) => error !== undefined)

/** Performs PutItem, UpdateItem and DeleteItem. */
export const singleWrite = (
  context: StrictContext,
  { operation, input, send }: WireCall,
): Promise<WireAnswer> =>
  writeOne(
    context,
    {
      table: String(input.TableName),
      item: fields(input.Item ?? input.Key) as WireItem,
      perform: () => send(operation, input),
    },
    send,
  )

/** Returns a put or a delete of a BatchWriteItem as a PutItem or DeleteItem. */
export const singleOf = (table: string, request: WireJson): { operation: string; input: WireJson } => {
  const put = request.PutRequest === undefined ? undefined : fields(request.PutRequest)
  const more = { TableName: table, ReturnConsumedCapacity: 'INDEXES' }
  return put
    ? { operation: 'PutItem', input: { ...more, Item: put.Item } }
    : { operation: 'DeleteItem', input: { ...more, Key: fields(request.DeleteRequest).Key } }
}
