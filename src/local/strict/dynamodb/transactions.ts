import { createHash } from 'node:crypto'
import { wander } from '../chance.ts'
import { type Action, actionsOf, checkOf, writeOf } from './actions.ts'
import { createTokens, type Tokens } from './tokens.ts'
import {
  type Answer,
  type Call,
  type Capacity,
  capacitiesOf,
  capacityAnswer,
  errorOf,
  type Item,
  ok,
  records,
  refused,
} from './wire.ts'
import { type Context, hiddenFromIndexes } from './writes.ts'

/**
 * Returns TransactWriteItems in its two phases: locks and conditions at once, then one write after the other, which
 * other readers see one by one. Whoever writes a locked item meanwhile has a conflict.
 */
export const transactions = (): ((context: Context, call: Call) => Promise<Answer>) => {
  const tokens = createTokens()
  return async (context, call) =>
    context.isolation().splitTransactions
      ? once(tokens, call, () => transact(context, call))
      : call.send(call.operation, call.input)
}

/** Carries out a transaction once for each client token. */
const once = async (tokens: Tokens, { input }: Call, perform: () => Promise<Answer>): Promise<Answer> => {
  const { ClientRequestToken: token } = input
  if (token === undefined) return perform()
  const print = createHash('sha256').update(JSON.stringify(input.TransactItems)).digest('hex')
  const known = tokens.begin(String(token), print)
  if (known === 'running')
    return refused('TransactionInProgressException', 'The transaction of this token is already in progress.')
  if (known === 'other')
    return refused('IdempotentParameterMismatchException', 'The token was used for other parameters.')
  if (known !== 'new') return ok(capacityAnswer(input, known))
  let answer: Answer | undefined
  try {
    answer = await perform()
    return answer
  } finally {
    const done = answer && errorOf(answer) === undefined ? capacitiesOf(answer).map(asRead) : undefined
    tokens.end(String(token), done)
  }
}

/** A repeated transaction is billed as reads. */
const asRead = ({ TableName, CapacityUnits = 0 }: Capacity): Capacity => ({
  TableName,
  CapacityUnits,
  ReadCapacityUnits: CapacityUnits,
})

const transact = async (context: Context, call: Call): Promise<Answer> => {
  const actions = await actionsOf(context.tables, call)
  if (!Array.isArray(actions)) return actions
  const names = actions.map(({ name }) => name)
  const taken = new Set(await context.locks.transaction(names))
  if (taken.size > 0) return cancelled(names.map((name) => (taken.has(name) ? ongoing : none)))
  try {
    const failed = await failedConditions(call, actions)
    if (failed) return failed
    const written = await apply(context, call, actions)
    const capacities = [...written, ...actions.flatMap(checked)]
    return ok(capacityAnswer(call.input, capacities))
  } finally {
    context.locks.release(names)
  }
}

interface Reason {
  Code: string
  Message?: string
  Item?: Item
}

const none: Reason = { Code: 'None' }
export const ongoing: Reason = { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' }

/** Returns the answer of a transaction that was cancelled for these reasons, one for each action. */
export const cancelled = (reasons: readonly Reason[]): Answer => {
  const codes = reasons.map(({ Code }) => Code).join(', ')
  const Message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`
  return refused('TransactionCanceledException', Message, { Message, CancellationReasons: reasons })
}

/** Asks all conditions in one transaction that writes nothing; returns the answer where one of them is not met. */
const failedConditions = async ({ send }: Call, actions: readonly Action[]): Promise<Answer | undefined> => {
  const conditional = actions.filter(({ input }) => input.ConditionExpression !== undefined)
  if (conditional.length === 0) return undefined
  const answer = await send('TransactWriteItems', { TransactItems: conditional.map(checkOf) })
  if (errorOf(answer) === undefined) return undefined
  if (errorOf(answer) !== 'TransactionCanceledException') return answer
  const reasons = records(answer.json.CancellationReasons) as unknown as readonly Reason[]
  return cancelled(actions.map((action) => reasons[conditional.indexOf(action)] ?? none))
}

/** Writes one item after the other; updates first, for they alone may still be refused. */
const apply = async (context: Context, { send }: Call, actions: readonly Action[]): Promise<Capacity[]> => {
  const writes = context.chance.shuffled(actions.filter(({ kind }) => kind !== 'ConditionCheck'))
  const isUpdate = ({ kind }: Action): boolean => kind === 'Update'
  const ordered = [...writes.filter(isUpdate), ...writes.filter((action) => !isUpdate(action))]
  const capacities: Capacity[] = []
  for (const [at, action] of ordered.entries()) {
    if (at > 0) await wander(context.chance, context.isolation().pause)
    const { operation, input } = writeOf(action)
    const place = { table: action.table, schema: action.schema, item: action.key }
    const answer = await hiddenFromIndexes(context, place, () => send(operation, input))
    if (errorOf(answer) !== undefined)
      throw new Error(`Half of a transaction: ${JSON.stringify(answer.json)}`)
    capacities.push(...capacitiesOf(answer).map(twice))
  }
  return capacities
}

/** Every item of a transaction is prepared and committed: two writes. An index takes one. */
const twice = ({ TableName, Table, GlobalSecondaryIndexes }: Capacity): Capacity => {
  const table = 2 * (Table?.CapacityUnits ?? 0)
  const indexes = Object.values(GlobalSecondaryIndexes ?? {}).reduce(
    (sum, { CapacityUnits = 0 }) => sum + CapacityUnits,
    0,
  )
  return {
    TableName,
    CapacityUnits: table + indexes,
    WriteCapacityUnits: table + indexes,
    Table: { CapacityUnits: table, WriteCapacityUnits: table },
    ...(GlobalSecondaryIndexes && { GlobalSecondaryIndexes }),
  }
}

const checked = ({ kind, table }: Action): Capacity[] =>
  kind === 'ConditionCheck'
    ? [{ TableName: table, CapacityUnits: 2, WriteCapacityUnits: 2, Table: { CapacityUnits: 2 } }]
    : []
