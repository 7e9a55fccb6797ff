/** The partition keys that a call touches: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html */
import { itemSize, readUnits, writeUnits } from '../dynamodb/sizes.ts'
import { keyOf, tableOf } from '../dynamodb/statements.ts'
import type { Schema } from '../dynamodb/tables.ts'
import { fields, type Input, type Item, records } from '../dynamodb/wire.ts'
import type { Touch } from './meter.ts'

/** Returns a table's schema; nothing where there is no such table. */
export type SchemaOf = (table: string) => Promise<Schema | undefined>

const textOf = (value: unknown): string => String(Object.values(fields(value))[0] ?? '')

/** Index writes of a call that does not say the index's key share this one: more is refused, not less. */
export const unknownKey = '(not in the call)'

const writesOf = (
  table: string,
  { key, indexes }: Schema,
  item: Item,
  whole: boolean,
  times = 1,
): Touch[] => {
  const least = times * (whole ? writeUnits(itemSize(item)) : 1)
  const own: Touch = { table, key: textOf(item[key[0] ?? '']), kind: 'write', least }
  const shown = [...indexes].filter(([, names]) => whole && names.every((name) => name in item))
  return [
    own,
    ...shown.map(
      ([index, [name = '']]): Touch => ({ table, index, key: textOf(item[name]), kind: 'write', least: 1 }),
    ),
  ]
}

const readOf = (table: string, { key }: Schema, item: Item, { ConsistentRead }: Input): Touch => ({
  table,
  key: textOf(item[key[0] ?? '']),
  kind: 'read',
  least: readUnits(0, ConsistentRead === true),
})

/** Returns the value that a condition of a Query asks the partition key to have. */
const askedKey = (input: Input, name: string): string | undefined => {
  const names = fields(input.ExpressionAttributeNames)
  const values = fields(input.ExpressionAttributeValues)
  const equalities = String(input.KeyConditionExpression).matchAll(/([#\w]+)\s*=\s*(:\w+)/g)
  for (const [, written = '', value = ''] of equalities)
    if ((names[written] ?? written) === name) return textOf(values[value])
  return undefined
}

const pageOf = (table: string, { key, indexes }: Schema, input: Input): Touch => {
  const index = input.IndexName === undefined ? undefined : String(input.IndexName)
  const [name = ''] = (index === undefined ? key : indexes.get(index)) ?? []
  const asked = input.KeyConditionExpression === undefined ? undefined : askedKey(input, name)
  return {
    table,
    ...(index !== undefined && { index }),
    ...(asked !== undefined && { key: asked }),
    kind: 'read',
    least: readUnits(0, input.ConsistentRead === true),
  }
}

type Find = (schema: Schema, table: string, input: Input) => Touch[]

const finders: Readonly<Record<string, Find>> = {
  PutItem: (schema, table, input) => writesOf(table, schema, fields(input.Item) as Item, true),
  UpdateItem: (schema, table, input) => writesOf(table, schema, fields(input.Key) as Item, false),
  DeleteItem: (schema, table, input) => writesOf(table, schema, fields(input.Key) as Item, false),
  GetItem: (schema, table, input) => [readOf(table, schema, fields(input.Key) as Item, input)],
  Query: (schema, table, input) => [pageOf(table, schema, input)],
  Scan: (schema, table, input) => [pageOf(table, schema, input)],
  BatchGetItem: (schema, table, input) =>
    records(input.Keys).map((key) => readOf(table, schema, key as Item, input)),
  BatchWriteItem: (schema, table, { PutRequest, DeleteRequest }) =>
    PutRequest === undefined
      ? writesOf(table, schema, fields(fields(DeleteRequest).Key) as Item, false)
      : writesOf(table, schema, fields(fields(PutRequest).Item) as Item, true),
  // A transaction writes every item twice, and its indexes once.
  TransactWriteItems: (schema, table, input) =>
    writesOf(table, schema, fields(input.Item ?? input.Key) as Item, input.Item !== undefined, 2),
  BatchExecuteStatement: (schema, table, { Statement, Parameters }) => {
    const item = keyOf(String(Statement), (Parameters ?? []) as unknown[], schema.key)
    const select = /^\s*select/i.test(String(Statement))
    return select ? [readOf(table, schema, item, {})] : writesOf(table, schema, item, false)
  },
}

/** Returns each single read or write of a call, with its table. */
const partsOf = (operation: string, input: Input): [string, Input][] => {
  if (operation === 'BatchGetItem')
    return Object.entries(fields(input.RequestItems)).map(([table, how]) => [table, fields(how)])
  if (operation === 'BatchWriteItem')
    return Object.entries(fields(input.RequestItems)).flatMap(([table, requests]) =>
      records(requests).map((request): [string, Input] => [table, request]),
    )
  if (operation === 'TransactWriteItems')
    return records(input.TransactItems)
      .flatMap((each) => Object.values(each))
      .map((action) => [String(fields(action).TableName), fields(action)])
  if (operation === 'BatchExecuteStatement')
    return records(input.Statements).map((each) => [tableOf(String(each.Statement)), each])
  return [[String(input.TableName), input]]
}

/** Returns what a call touches; nothing for one that takes no units. */
export const touchesOf = async (schemaOf: SchemaOf, operation: string, input: Input): Promise<Touch[]> => {
  const find = finders[operation]
  if (!find) return []
  const touches: Touch[] = []
  for (const [table, part] of partsOf(operation, input)) {
    const schema = await schemaOf(table)
    if (schema) touches.push(...find(schema, table, part))
  }
  return touches
}
