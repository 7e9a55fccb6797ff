import { splitBatchGet, splitBatchWrite } from './batches.ts'
import { splitPage } from './pages.ts'
import { staleGet } from './stale.ts'
import { batchExecute } from './statements.ts'
import { transactions } from './transactions.ts'
import type { WireAnswer, WireCall } from './wire.ts'
import { type StrictContext, singleWrite } from './writes.ts'

/** Performs an operation as strictly as AWS may. */
export type StrictOperation = (context: StrictContext, call: WireCall) => Promise<WireAnswer>

const asItCame: StrictOperation = (_, { operation, input, send }) => send(operation, input)

/** Returns the strict operations by name; further operations go to the engine unchanged. */
export const createOperations = (): ((name: string) => StrictOperation) => {
  const operations: Readonly<Record<string, StrictOperation>> = {
    GetItem: staleGet,
    PutItem: singleWrite,
    UpdateItem: singleWrite,
    DeleteItem: singleWrite,
    BatchGetItem: splitBatchGet,
    BatchWriteItem: splitBatchWrite,
    BatchExecuteStatement: batchExecute,
    Query: splitPage,
    Scan: splitPage,
    TransactWriteItems: transactions(),
  }
  return (name) => operations[name] ?? asItCame
}
