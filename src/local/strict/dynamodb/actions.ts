import { itemName, type Schema, type Tables } from './tables.ts'
import { type Answer, type Call, fields, type Input, type Item, records, refused } from './wire.ts'

const mostActions = 100
const kinds = ['Put', 'Update', 'Delete', 'ConditionCheck'] as const

/** One action of a transaction. */
export interface Action {
  kind: (typeof kinds)[number]
  input: Input
  table: string
  schema: Schema
  key: Item
  /** The item's name among those of all tables. */
  name: string
}

/** Returns the actions of a TransactWriteItems, or the answer that refuses it. */
export const actionsOf = async (tables: Tables, { input, send }: Call): Promise<Action[] | Answer> => {
  const actions: Action[] = []
  for (const wrapped of records(input.TransactItems)) {
    const kind = kinds.find((name) => wrapped[name] !== undefined)
    const own = fields(wrapped[kind ?? ''])
    const table = String(own.TableName)
    const schema = kind && (await tables.schema(table, send))
    if (!schema) return refused('ResourceNotFoundException', 'Requested resource not found')
    const item = fields(own.Item ?? own.Key) as Item
    const key = Object.fromEntries(schema.key.map((name) => [name, item[name] ?? {}] as const))
    actions.push({ kind, input: own, table, schema, key, name: itemName(table, schema, item) })
  }
  return objection(actions) ?? actions
}

const objection = (actions: readonly Action[]): Answer | undefined => {
  if (actions.length === 0 || actions.length > mostActions)
    return refused(
      'ValidationException',
      `A transaction takes 1 to ${mostActions} actions, not ${actions.length}.`,
    )
  return new Set(actions.map(({ name }) => name)).size === actions.length
    ? undefined
    : refused('ValidationException', 'Transaction request cannot include multiple operations on one item')
}

/** Returns the action that asks an action's condition and writes nothing. */
export const checkOf = ({ input, table, key }: Action): Input => {
  const { ConditionExpression, ReturnValuesOnConditionCheckFailure: returned } = input
  return {
    ConditionCheck: {
      TableName: table,
      Key: key,
      ConditionExpression,
      ...placeholders(input, ConditionExpression),
      ...(returned !== undefined && { ReturnValuesOnConditionCheckFailure: returned }),
    },
  }
}

/** Returns the single write that an action makes once its condition is met. */
export const writeOf = ({ kind, input, table, key }: Action): { operation: string; input: Input } => {
  const own = { TableName: table, ReturnConsumedCapacity: 'INDEXES' }
  if (kind === 'Put') return { operation: 'PutItem', input: { ...own, Item: input.Item } }
  if (kind === 'Delete') return { operation: 'DeleteItem', input: { ...own, Key: key } }
  const { UpdateExpression } = input
  const update = { UpdateExpression, ...placeholders(input, UpdateExpression) }
  return { operation: 'UpdateItem', input: { ...own, Key: key, ...update } }
}

/** Returns the names and values of a request that an expression uses: DynamoDB refuses others. */
const placeholders = (input: Input, expression: unknown): Input => {
  const used = new Set(String(expression).match(/[#:]\w+/g) ?? [])
  const parts = ['ExpressionAttributeNames', 'ExpressionAttributeValues'].flatMap((part) => {
    const kept = Object.entries(fields(input[part])).filter(([name]) => used.has(name))
    return kept.length > 0 ? [[part, Object.fromEntries(kept)] as const] : []
  })
  return Object.fromEntries(parts)
}
