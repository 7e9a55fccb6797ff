import { createHash } from 'node:crypto'
import { wander } from '../chance.ts'
import { actionsOf, checkOf, type TransactAction, writeOf } from './actions.ts'
import { createTokens, type Tokens } from './tokens.ts'
import {
  type ConsumedCapacity,
  capacitiesOf,
  capacityAnswer,
  errorOf,
  listIn,
  okAnswer,
  refusedAnswer,
  type WireAnswer,
  type WireCall,
  type WireItem,
} from './wire.ts'
import { type StrictContext, shownLate } from './writes.ts'

/**
 * Returns TransactWriteItems in two phases: locks and conditions at once, then the writes in sequence, so that other
 * readers can see them in part. A concurrent write of a locked item conflicts.
 */
export const transactions = (): ((context: StrictContext, call: WireCall) => Promise<WireAnswer>) => {
  const tokens = createTokens()
  return async (context, call) =>
    context.isolation().splitTransactions
      ? oncePerToken(tokens, call, () => splitTransaction(context, call))
      : call.send(call.operation, call.input)
}

/** Performs a transaction once for each client token. */
const oncePerToken = async (
  tokens: Tokens,
  { input }: WireCall,
  perform: () => Promise<WireAnswer>,
): Promise<WireAnswer> => {
  const { ClientRequestToken: token } = input
  if (token === undefined) return perform()
  const print = createHash('sha256').update(JSON.stringify(input.TransactItems)).digest('hex')
  const known = tokens.begin(String(token), print)
  if (known === 'running')
    return refusedAnswer(
      'TransactionInProgressException',
      'The transaction of this token is already in progress.',
    )
  if (known === 'other')
    return refusedAnswer('IdempotentParameterMismatchException', 'The token was used for other parameters.')
  if (known !== 'new') return okAnswer(capacityAnswer(input, known))
  let answer: WireAnswer | undefined
  try {
    answer = await perform()
    return answer
  } finally {
    const done = answer && errorOf(answer) === undefined ? capacitiesOf(answer).map(billedAsRead) : undefined
    tokens.end(String(token), done)
  }
}

/** Returns the capacity of a repeated transaction, which is billed as reads. */
const billedAsRead = ({ TableName, CapacityUnits = 0 }: ConsumedCapacity): ConsumedCapacity => ({
  TableName,
  CapacityUnits,
  ReadCapacityUnits: CapacityUnits,
})

const splitTransaction = async (context: StrictContext, call: WireCall): Promise<WireAnswer> => {
  const actions = await actionsOf(context.tables, call)
  if (!Array.isArray(actions)) return actions
  const names = actions.map(({ name }) => name)
  const taken = new Set(await context.locks.transaction(names))
  if (taken.size > 0) return cancelled(names.map((name) => (taken.has(name) ? ongoing : noReason)))
  try {
    const failed = await failedConditions(call, actions)
    if (failed) return failed
    const written = await applyWrites(context, call, actions)
    const capacities = [...written, ...actions.flatMap(checkCapacity)]
    return okAnswer(capacityAnswer(call.input, capacities))
  } finally {
    context.locks.release(names)
  }
}

interface CancellationReason {
  Code: string
  Message?: string
  Item?: WireItem
}

const noReason: CancellationReason = { Code: 'None' }
export const ongoing: CancellationReason = {
  Code: 'TransactionConflict',
  Message: 'Transaction is ongoing for the item',
}

/** Returns the answer of a cancelled transaction, with a reason for each action. */
export const cancelled = (reasons: readonly CancellationReason[]): WireAnswer => {
  const codes = reasons.map(({ Code }) => Code).join(', ')
  const Message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`
  return refusedAnswer('TransactionCanceledException', Message, { Message, CancellationReasons: reasons })
}

/** Checks all conditions in a transaction that writes nothing; returns the answer when a condition is not met. */
const failedConditions = async (
  { send }: WireCall,
  actions: readonly TransactAction[],
): Promise<WireAnswer | undefined> => {
  const conditional = actions.filter(({ input }) => input.ConditionExpression !== undefined)
  if (conditional.length === 0) return undefined
  const answer = await send('TransactWriteItems', { TransactItems: conditional.map(checkOf) })
  if (errorOf(answer) === undefined) return undefined
  if (errorOf(answer) !== 'TransactionCanceledException') return answer
  const reasons = listIn(answer.json.CancellationReasons) as unknown as readonly CancellationReason[]
  return cancelled(actions.map((action) => reasons[conditional.indexOf(action)] ?? noReason))
}

/**
 * Writes the items in sequence, updates first, since only an update may still be refused; fails when a write is refused
 * after another took effect.
 */
const applyWrites = async (
  context: StrictContext,
  { send }: WireCall,
  actions: readonly TransactAction[],
): Promise<ConsumedCapacity[]> => {
  const writes = context.chance.shuffled(actions.filter(({ kind }) => kind !== 'ConditionCheck'))
  const isUpdate = ({ kind }: TransactAction): boolean => kind === 'Update'
  const ordered = [...writes.filter(isUpdate), ...writes.filter((action) => !isUpdate(action))]
  const capacities: ConsumedCapacity[] = []
  for (const [at, action] of ordered.entries()) {
    if (at > 0) await wander(context.chance, context.isolation().pause)
    const { operation, input } = writeOf(action)
    const place = { table: action.table, schema: action.schema, item: action.key }
    const answer = await shownLate(context, place, () => send(operation, input), send)
    if (errorOf(answer) !== undefined)
      throw new Error(`Half of a transaction: ${JSON.stringify(answer.json)}`)
    capacities.push(...capacitiesOf(answer).map(twice))
  }
  return capacities
}

/**
 * Returns the capacity of a write in a transaction: each item is prepared and committed, which is two writes, and each
 * index entry is a single write.
 */
const twice = ({ TableName, Table, GlobalSecondaryIndexes }: ConsumedCapacity): ConsumedCapacity => {
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

const checkCapacity = ({ kind, table }: TransactAction): ConsumedCapacity[] =>
  kind === 'ConditionCheck'
    ? [{ TableName: table, CapacityUnits: 2, WriteCapacityUnits: 2, Table: { CapacityUnits: 2 } }]
    : []
