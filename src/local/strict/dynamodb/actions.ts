import { itemName, type KnownTables, type Schema } from './tables.ts'
import {
  fields,
  listIn,
  refusedAnswer,
  type WireAnswer,
  type WireCall,
  type WireItem,
  type WireJson,
} from './wire.ts'

const mostActions = 100
const actionKinds = ['Put', 'Update', 'Delete', 'ConditionCheck'] as const

/** An action of a transaction. */
export interface TransactAction {
  kind: (typeof actionKinds)[number]
  input: WireJson
  table: string
  schema: Schema
  key: WireItem
  /** The item's name, unique over all tables. */
  name: string
}

/** Returns the actions of a TransactWriteItems, or the answer that refuses the request. */
export const actionsOf = async (
  tables: KnownTables,
  { input, send }: WireCall,
): Promise<TransactAction[] | WireAnswer> => {
  const actions: TransactAction[] = []
  for (const wrapped of listIn(input.TransactItems)) {
    const kind = actionKinds.find((name) => wrapped[name] !== undefined)
    const own = fields(wrapped[kind ?? ''])
    const table = String(own.TableName)
    const schema = kind && (await tables.schema(table, send))
    if (!schema) return refusedAnswer('ResourceNotFoundException', 'Requested resource not found')
    const item = fields(own.Item ?? own.Key) as WireItem
    const key = Object.fromEntries(schema.key.map((name) => [name, item[name] ?? {}] as const))
    actions.push({ kind, input: own, table, schema, key, name: itemName(table, schema, item) })
  }
  return objection(actions) ?? actions
}

const objection = (actions: readonly TransactAction[]): WireAnswer | undefined => {
  if (actions.length === 0 || actions.length > mostActions)
    return refusedAnswer(
      'ValidationException',
      `A transaction takes 1 to ${mostActions} actions, not ${actions.length}.`,
    )
  return new Set(actions.map(({ name }) => name)).size === actions.length
    ? undefined
    : refusedAnswer(
        'ValidationException',
        'Transaction request cannot include multiple operations on one item',
      )
}

/** Returns the action that asks an action's condition and writes nothing. */
export const checkOf = ({ input, table, key }: TransactAction): WireJson => {
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
export const writeOf = ({
  kind,
  input,
  table,
  key,
}: TransactAction): { operation: string; input: WireJson } => {
  const own = { TableName: table, ReturnConsumedCapacity: 'INDEXES' }
  if (kind === 'Put') return { operation: 'PutItem', input: { ...own, Item: input.Item } }
  if (kind === 'Delete') return { operation: 'DeleteItem', input: { ...own, Key: key } }
  const { UpdateExpression } = input
  const update = { UpdateExpression, ...placeholders(input, UpdateExpression) }
  return { operation: 'UpdateItem', input: { ...own, Key: key, ...update } }
}

/** Returns the placeholders of a request that an expression uses: DynamoDB refuses unused names and values. */
const placeholders = (input: WireJson, expression: unknown): WireJson => {
  const used = new Set(String(expression).match(/[#:]\w+/g) ?? [])
  const parts = ['ExpressionAttributeNames', 'ExpressionAttributeValues'].flatMap((part) => {
    const kept = Object.entries(fields(input[part])).filter(([name]) => used.has(name))
    return kept.length > 0 ? [[part, Object.fromEntries(kept)] as const] : []
  })
  return Object.fromEntries(parts)
}
