import { wander } from '../chance.ts'
import {
  type Answer,
  type Call,
  capacitiesOf,
  capacityAnswer,
  errorOf,
  type Input,
  type Item,
  ok,
  records,
} from './wire.ts'
import { type Context, writeOne } from './writes.ts'

/** Returns the table of a PartiQL statement: the first name in double quotes. */
export const tableOf = (statement: string): string => /"([^"]+)"/.exec(statement)?.[1] ?? ''

/** Returns the key that a statement names by `?`, in `pk = ?` as in `'pk': ?`. */
export const keyOf = (statement: string, parameters: readonly unknown[], names: readonly string[]): Item =>
  Object.fromEntries(
    names.flatMap((name) => {
      const at = statement.search(new RegExp(`(?<![\\w.])['"]?${name}['"]?\\s*[=:]\\s*\\?`))
      if (at < 0) return []
      const question = statement.indexOf('?', at)
      const before = statement.slice(0, question).split('?').length - 1
      return [[name, parameters[before] as Item[string]] as const]
    }),
  )

/** BatchExecuteStatement as single statements, each with an answer of its own. */
export const batchExecute = async (context: Context, call: Call): Promise<Answer> => {
  const { input, send, operation } = call
  if (!context.isolation().splitBatches) return send(operation, input)
  const answers = await Promise.all(
    records(input.Statements).map(async (statement) => {
      await wander(context.chance, context.isolation().pause)
      return executeOne(context, call, statement)
    }),
  )
  const failed = answers.find((answer) => errorOf(answer) !== undefined)
  if (failed) return failed
  const responses = answers.flatMap(({ json }) => records(json.Responses))
  return ok({ Responses: responses, ...capacityAnswer(input, answers.flatMap(capacitiesOf)) })
}

const executeOne = async (context: Context, call: Call, statement: Input): Promise<Answer> => {
  const text = String(statement.Statement)
  const table = tableOf(text)
  const schema = await context.tables.schema(table, call.send)
  const item = keyOf(text, (statement.Parameters ?? []) as unknown[], schema?.key ?? [])
  const perform = () =>
    call.send('BatchExecuteStatement', { Statements: [statement], ReturnConsumedCapacity: 'INDEXES' })
  const answer = await writeOne(context, { table, item, perform }, call.send)
  if (errorOf(answer) !== 'TransactionConflictException') return answer
  const reason = { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' }
  return ok({ Responses: [{ TableName: table, Error: reason }] })
}
