import type { Chance } from './chance.ts'
import { cancelled, ongoing } from './dynamodb/transactions.ts'
import { type Answer, fields, type Input, ok, records, refused } from './dynamodb/wire.ts'
import type { FaultOptions } from './options.ts'

/** The names of the faults, as the options and the counts spell them. */
export type FaultName = Exclude<keyof FaultOptions, 'hangMilliseconds'>

/** How a call goes wrong. */
export interface Fault {
  name: FaultName
  /** Whether the engine does what was asked all the same. */
  takesEffect: boolean
}

/** The faults that are met half of the time by a call that took effect. */
const eitherWay = new Set<FaultName>(['internal', 'hung'])

/** Returns the fault that a call meets, if any: the more of them are switched on, the more calls meet one. */
export const drawFault = (
  chance: Chance,
  options: FaultOptions,
  possible: readonly FaultName[],
): Fault | undefined => {
  const name = possible.find((each) => options[each] > 0 && chance.happens(options[each]))
  if (!name) return undefined
  return { name, takesEffect: name === 'cutAfter' || (eitherWay.has(name) && chance.happens(0.5)) }
}

const always: readonly FaultName[] = ['throttled', 'internal', 'hung', 'cutBefore', 'cutAfter', 'expired']
const conflicting = new Set([
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'TransactWriteItems',
  'BatchExecuteStatement',
])

/** Returns the faults that an operation of DynamoDB may meet. */
export const faultsOfDatabase = (operation: string): readonly FaultName[] => [
  ...always,
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

/** Returns DynamoDB's answer for a fault that has one. */
export const databaseFault = (chance: Chance, { name }: Fault, operation: string, input: Input): Answer => {
  if (name === 'conflict') return conflictOf(chance, operation, input)
  if (name === 'inProgress')
    return refused('TransactionInProgressException', 'The transaction of this token is already in progress.')
  if (name === 'expired')
    return refused('ExpiredTokenException', 'The security token included in the request is expired')
  return name === 'throttled'
    ? throttledOf(chance, operation, input)
    : refused('InternalServerError', 'Internal server error')
}

const throttlingNames = [
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
] as const

const throttledOf = (chance: Chance, operation: string, input: Input): Answer => {
  const Message = 'Throughput exceeds the current throughput of your table or index.'
  if (operation === 'BatchExecuteStatement' && chance.happens(0.5))
    return statementErrors(chance, input, { Code: 'ThrottlingError', Message })
  if (operation === 'TransactWriteItems' && chance.happens(0.5))
    return cancelledBy(chance, input, { Code: 'ThrottlingError', Message })
  return refused(chance.pick(throttlingNames), Message)
}

const conflictOf = (chance: Chance, operation: string, input: Input): Answer => {
  if (operation === 'TransactWriteItems') return cancelledBy(chance, input, ongoing)
  if (operation === 'BatchExecuteStatement') return statementErrors(chance, input, ongoing)
  return refused('TransactionConflictException', 'Transaction is ongoing for the item')
}

interface Reason {
  Code: string
  Message?: string
}

/** A transaction is cancelled as a whole for the sake of one action. */
const cancelledBy = (chance: Chance, input: Input, reason: Reason): Answer => {
  const actions = records(input.TransactItems)
  const at = chance.whole(0, Math.max(0, actions.length - 1))
  return cancelled(actions.map((_, each) => (each === at ? reason : { Code: 'None' })))
}

/** No statement is carried out here; that some are and others are not is for the statements themselves to meet. */
const statementErrors = (_: Chance, input: Input, reason: Reason): Answer =>
  ok({
    Responses: records(input.Statements).map((statement) => ({
      TableName: fields(statement).Statement && /"([^"]+)"/.exec(String(statement.Statement))?.[1],
      Error: reason,
    })),
  })
