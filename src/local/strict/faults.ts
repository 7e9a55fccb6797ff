import type { Chance } from './chance.ts'
import { cancelled, ongoing } from './dynamodb/transactions.ts'
import { fields, listIn, okAnswer, refusedAnswer, type WireAnswer, type WireJson } from './dynamodb/wire.ts'
import type { FaultOptions } from './options.ts'

/** The names of the faults, as the options and the counts spell them. */
export type FaultName = Exclude<keyof FaultOptions, 'hangMilliseconds'>

/** A fault that a call meets. */
export interface DrawnFault {
  name: FaultName
  /** Whether the engine performs the call nevertheless. */
  takesEffect: boolean
}

/** The faults that are met half of the time by a call that took effect. */
const eitherWay = new Set<FaultName>(['internal', 'hung'])

/** Returns the fault that a call meets, if any: each possible fault is drawn by its own probability, in order. */
export const drawFault = (
  chance: Chance,
  options: FaultOptions,
  possible: readonly FaultName[],
): DrawnFault | undefined => {
  const name = possible.find((each) => options[each] > 0 && chance.happens(options[each]))
  if (!name) return undefined
  return { name, takesEffect: name === 'cutAfter' || (eitherWay.has(name) && chance.happens(0.5)) }
}

const possibleAlways: readonly FaultName[] = [
  'throttled',
  'internal',
  'hung',
  'cutBefore',
  'cutAfter',
  'expired',
]
const conflicting = new Set([
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'TransactWriteItems',
  'BatchExecuteStatement',
])

/** Returns the faults that an operation of DynamoDB may meet. */
export const faultsOfDatabase = (operation: string): readonly FaultName[] => [
  ...possibleAlways,
  ...(conflicting.has(operation) ? (['conflict'] as const) : []),
  ...(operation === 'TransactWriteItems' ? (['inProgress'] as const) : []),
]

/** The faults that a request to S3 may meet. */
export const faultsOfBucket: readonly FaultName[] = [
  'slowDown',
  'internal',
  'hung',
  'cutBefore',
  'cutAfter',
  'expired',
]

/** Returns DynamoDB's answer to a fault, except for cut and hung connections. */
export const databaseFault = (
  chance: Chance,
  { name }: DrawnFault,
  operation: string,
  input: WireJson,
): WireAnswer => {
  if (name === 'conflict') return conflictOf(chance, operation, input)
  if (name === 'inProgress')
    return refusedAnswer(
      'TransactionInProgressException',
      'The transaction of this token is already in progress.',
    )
  if (name === 'expired')
    return refusedAnswer('ExpiredTokenException', 'The security token included in the request is expired')
  return name === 'throttled'
    ? throttledOf(chance, operation, input)
    : refusedAnswer('InternalServerError', 'Internal server error')
}

const throttlingNames = [
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
] as const

const throttledOf = (chance: Chance, operation: string, input: WireJson): WireAnswer => {
  const Message = 'Throughput exceeds the current throughput of your table or index.'
  if (operation === 'BatchExecuteStatement' && chance.happens(0.5))
    return statementErrors(chance, input, { Code: 'ThrottlingError', Message })
  if (operation === 'TransactWriteItems' && chance.happens(0.5))
    return cancelledBy(chance, input, { Code: 'ThrottlingError', Message })
  return refusedAnswer(chance.pick(throttlingNames), Message)
}

const conflictOf = (chance: Chance, operation: string, input: WireJson): WireAnswer => {
  if (operation === 'TransactWriteItems') return cancelledBy(chance, input, ongoing)
  if (operation === 'BatchExecuteStatement') return statementErrors(chance, input, ongoing)
  return refusedAnswer('TransactionConflictException', 'Transaction is ongoing for the item')
}

interface FaultReason {
  Code: string
  Message?: string
}

/** Returns the answer of a transaction that is cancelled as a whole because of a single action. */
const cancelledBy = (chance: Chance, input: WireJson, reason: FaultReason): WireAnswer => {
  const actions = listIn(input.TransactItems)
  const at = chance.whole(0, Math.max(0, actions.length - 1))
  return cancelled(actions.map((_, each) => (each === at ? reason : { Code: 'None' })))
}

/**
 * Returns an answer in which every statement failed; statements that fail separately are left to the statements' own
 * writes.
 */
const statementErrors = (_: Chance, input: WireJson, reason: FaultReason): WireAnswer =>
  okAnswer({
    Responses: listIn(input.Statements).map((statement) => ({
      TableName: fields(statement).Statement && /"([^"]+)"/.exec(String(statement.Statement))?.[1],
      Error: reason,
    })),
  })
