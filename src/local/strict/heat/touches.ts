/** The partition keys that a call touches: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html */
import { itemSize, readUnits, writeUnitsOf } from '../dynamodb/sizes.ts'
import { statementKey, statementTable } from '../dynamodb/statements.ts'
import type { Schema } from '../dynamodb/tables.ts'
import { fields, listIn, type WireItem, type WireJson } from '../dynamodb/wire.ts'
import type { Touch } from './meter.ts'

/** Returns a table's schema, or undefined when the table does not exist. */
export type SchemaOf = (table: string) => Promise<Schema | undefined>

const keyText = (value: unknown): string => String(Object.values(fields(value))[0] ?? '')

/**
 * The key of index writes whose key is not in the call: all share this bucket, so that too many are refused rather than
 * too few.
 */
export const unknownKey = '(not in the call)'

const writeTouches = (
  table: string,
  { key, indexes }: Schema,
  item: WireItem,
  whole: boolean,
  times = 1,
): Touch[] => {
  const least = times * (whole ? writeUnitsOf(itemSize(item)) : 1)
  const own: Touch = { table, key: keyText(item[key[0] ?? '']), kind: 'write', least }
  const shown = [...indexes].filter(([, names]) => whole && names.every((name) => name in item))
  return [
    own,
    ...shown.map(
      ([index, [name = '']]): Touch => ({ table, index, key: keyText(item[name]), kind: 'write', least: 1 }),
    ),
  ]
}

const readOf = (table: string, { key }: Schema, item: WireItem, { ConsistentRead }: WireJson): Touch => ({
  table,
  key: keyText(item[key[0] ?? '']),
  kind: 'read',
  least: readUnits(0, ConsistentRead === true),
})

/** Returns the value that a Query's condition requires of the partition key. */
const askedKey = (input: WireJson, name: string): string | undefined => {
  const names = fields(input.ExpressionAttributeNames)
  const values = fields(input.ExpressionAttributeValues)
  const equalities = String(input.KeyConditionExpression).matchAll(/([#\w]+)\s*=\s*(:\w+)/g)
  for (const [, written = '', value = ''] of equalities)
    if ((names[written] ?? written) === name) return keyText(values[value])
  return undefined
}

const touchOfPage = (table: string, { key, indexes }: Schema, input: WireJson): Touch => {
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

type FindTouches = (schema: Schema, table: string, input: WireJson) => Touch[]

const finders: Readonly<Record<string, FindTouches>> = {
  PutItem: (schema, table, input) => writeTouches(table, schema, fields(input.Item) as WireItem, true),
  UpdateItem: (schema, table, input) => writeTouches(table, schema, fields(input.Key) as WireItem, false),
  DeleteItem: (schema, table, input) => writeTouches(table, schema, fields(input.Key) as WireItem, false),
  GetItem: (schema, table, input) => [readOf(table, schema, fields(input.Key) as WireItem, input)],
  Query: (schema, table, input) => [touchOfPage(table, schema, input)],
  Scan: (schema, table, input) => [touchOfPage(table, schema, input)],
  BatchGetItem: (schema, table, input) =>
    listIn(input.Keys).map((key) => readOf(table, schema, key as WireItem, input)),
  BatchWriteItem: (schema, table, { PutRequest, DeleteRequest }) =>
    PutRequest === undefined
      ? writeTouches(table, schema, fields(fields(DeleteRequest).Key) as WireItem, false)
      : writeTouches(table, schema, fields(fields(PutRequest).Item) as WireItem, true),
  // A transaction writes every item twice, and its indexes once.
  TransactWriteItems: (schema, table, input) =>
    writeTouches(table, schema, fields(input.Item ?? input.Key) as WireItem, input.Item !== undefined, 2),
  BatchExecuteStatement: (schema, table, { Statement, Parameters }) => {
    const item = statementKey(String(Statement), (Parameters ?? []) as unknown[], schema.key)
    const select = /^\s*select/i.test(String(Statement))
    return select ? [readOf(table, schema, item, {})] : writeTouches(table, schema, item, false)
  },
}

/** Returns each single read or write of a call, with its table. */
const callParts = (operation: string, input: WireJson): [string, WireJson][] => {
  if (operation === 'BatchGetItem')
    return Object.entries(fields(input.RequestItems)).map(([table, how]) => [table, fields(how)])
  if (operation === 'BatchWriteItem')
    return Object.entries(fields(input.RequestItems)).flatMap(([table, requests]) =>
      listIn(requests).map((request): [string, WireJson] => [table, request]),
    )
  if (operation === 'TransactWriteItems')
    return listIn(input.TransactItems)
      .flatMap((each) => Object.values(each))
      .map((action) => [String(fields(action).TableName), fields(action)])
  if (operation === 'BatchExecuteStatement')
    return listIn(input.Statements).map((each) => [statementTable(String(each.Statement)), each])
  return [[String(input.TableName), input]]
}

/** Returns the touches of a call; empty for an operation that takes no units. */
export const touchesOf = async (schemaOf: SchemaOf, operation: string, input: WireJson): Promise<Touch[]> => {
  const find = finders[operation]
  if (!find) return []
  const touches: Touch[] = []
  for (const [table, part] of callParts(operation, input)) {
    const schema = await schemaOf(table)
    if (schema) touches.push(...find(schema, table, part))
  }
  return touches
}
