import { wander } from '../chance.ts'
import {
  capacitiesOf,
  capacityAnswer,
  errorOf,
  listIn,
  okAnswer,
  type WireAnswer,
  type WireCall,
  type WireItem,
  type WireJson,
} from './wire.ts'
import { type StrictContext, writeOne } from './writes.ts'

/** Returns the table of a PartiQL statement: the first name in double quotes. */
export const statementTable = (statement: string): string => /"([^"]+)"/.exec(statement)?.[1] ?? ''

/** Returns the key that a statement gives by `?`, as in `pk = ?` or `'pk': ?`. */
export const statementKey = (
  statement: string,
  parameters: readonly unknown[],
  names: readonly string[],
): WireItem =>
  Object.fromEntries(
    names.flatMap((name) => {
      const at = statement.search(new RegExp(`(?<![\\w.])['"]?${name}['"]?\\s*[=:]\\s*\\?`))
      if (at < 0) return []
      const question = statement.indexOf('?', at)
      const before = statement.slice(0, question).split('?').length - 1
      return [[name, parameters[before] as WireItem[string]] as const]
    }),
  )

/** Performs BatchExecuteStatement as single statements, each with its own answer. */
export const batchExecute = async (context: StrictContext, call: WireCall): Promise<WireAnswer> => {
  const { input, send, operation } = call
  if (!context.isolation().splitBatches) return send(operation, input)
  const answers = await Promise.all(
    listIn(input.Statements).map(async (statement) => {
      await wander(context.chance, context.isolation().pause)
      return executeOne(context, call, statement)
    }),
  )
  const failed = answers.find((answer) => errorOf(answer) !== undefined)
  if (failed) return failed
  const responses = answers.flatMap(({ json }) => listIn(json.Responses))
  return okAnswer({ Responses: responses, ...capacityAnswer(input, answers.flatMap(capacitiesOf)) })
}

const executeOne = async (
  context: StrictContext,
  call: WireCall,
  statement: WireJson,
): Promise<WireAnswer> => {
  const text = String(statement.Statement)
  const table = statementTable(text)
  const schema = await context.tables.schema(table, call.send)
  const item = statementKey(text, (statement.Parameters ?? []) as unknown[], schema?.key ?? [])
  const perform = () =>
    call.send('BatchExecuteStatement', { Statements: [statement], ReturnConsumedCapacity: 'INDEXES' })
  const answer = await writeOne(context, { table, item, perform }, call.send)
  if (errorOf(answer) !== 'TransactionConflictException') return answer
  const reason = { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' }
  return okAnswer({ Responses: [{ TableName: table, Error: reason }] })
}
