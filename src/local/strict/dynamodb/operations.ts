import { batchGet, batchWrite } from './batches.ts'
import { page } from './pages.ts'
import { batchExecute } from './statements.ts'
import { transactions } from './transactions.ts'
import type { Answer, Call } from './wire.ts'
import { type Context, single } from './writes.ts'

/** Carries out one operation as strictly as AWS may. */
export type Operation = (context: Context, call: Call) => Promise<Answer>

const asItCame: Operation = (_, { operation, input, send }) => send(operation, input)

/** Returns the operations by their names; any other is carried out as it came. */
export const createOperations = (): ((name: string) => Operation) => {
  const operations: Readonly<Record<string, Operation>> = {
    PutItem: single,
    UpdateItem: single,
    DeleteItem: single,
    BatchGetItem: batchGet,
    BatchWriteItem: batchWrite,
    BatchExecuteStatement: batchExecute,
    Query: page,
    Scan: page,
    TransactWriteItems: transactions(),
  }
  return (name) => operations[name] ?? asItCame
}
