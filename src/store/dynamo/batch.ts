import type { BatchGetCommandInput, BatchWriteCommandInput } from '@aws-sdk/lib-dynamodb'
import { failure } from '../../outcome/failure.ts'
import { type Key, textOfKey } from '../keys.ts'
import { inChunks, inParallel } from '../parallel.ts'
import type { BatchStatement } from './params.ts'
import { backOff, batchGet, batchWrite, executeStatements, type Session } from './session.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
const mostKeysInBatch = 100
const mostWritesInBatch = 25
const mostStatements = 25

/** The batches that are under way at once; the connection pool holds 50. */
const batchesAtOnce = 16
const mostBatchAttempts = 10

/** A put or a delete of an item, in any of the three tables. */
export interface BatchRequest {
  table: string
  put?: Record<string, unknown>
  remove?: Key
}

type WriteItems = NonNullable<BatchWriteCommandInput['RequestItems']>
type ReadItems = NonNullable<BatchGetCommandInput['RequestItems']>

const exhausted = () => failure('throttled', 'The database is at its limit. Try again in a moment.')

/** Returns the `RequestItems` of a BatchWriteItem call. */
export const batchWriteItems = (requests: readonly BatchRequest[]): WriteItems => {
  const items: WriteItems = {}
  for (const { table, put, remove } of requests) {
    const request = put ? { PutRequest: { Item: put } } : { DeleteRequest: { Key: remove } }
    items[table] = [...(items[table] ?? []), request]
  }
  return items
}

const writeBatch = async (session: Session, requests: readonly BatchRequest[]): Promise<void> => {
  let items = batchWriteItems(requests)
  for (let attempt = 0; attempt < mostBatchAttempts; attempt++) {
    const { UnprocessedItems } = await batchWrite(session, { RequestItems: items })
    if (!UnprocessedItems || Object.keys(UnprocessedItems).length === 0) return
    items = UnprocessedItems
    await backOff(session, attempt)
  }
  throw exhausted()
}

/**
 * Puts and deletes items, in any order; fails with `throttled` when DynamoDB still leaves some unprocessed after ten
 * attempts.
 */
export const writeAll = async (session: Session, requests: readonly BatchRequest[]): Promise<void> => {
  await inParallel(batchesAtOnce, inChunks(requests, mostWritesInBatch), (chunk) =>
    writeBatch(session, chunk),
  )
}

const readKeyBatch = async <Item>(
  session: Session,
  table: string,
  keys: readonly Key[],
  consistent: boolean,
): Promise<Item[]> => {
  const found: Item[] = []
  let items: ReadItems = { [table]: { Keys: [...keys], ConsistentRead: consistent } }
  for (let attempt = 0; attempt < mostBatchAttempts; attempt++) {
    const { Responses, UnprocessedKeys } = await batchGet(session, { RequestItems: items })
    found.push(...((Responses?.[table] ?? []) as Item[]))
    if (!UnprocessedKeys || Object.keys(UnprocessedKeys).length === 0) return found
    items = UnprocessedKeys
    if (!Responses?.[table]?.length) await backOff(session, attempt)
  }
  throw exhausted()
}

/**
 * Returns the items of a table that exist under these keys, in any order; fails with `throttled` when DynamoDB still
 * leaves keys unprocessed after ten attempts.
 */
export const readAll = async <Item>(
  session: Session,
  table: string,
  keys: readonly Key[],
  consistent = true,
): Promise<Item[]> => {
  const distinct = [...new Map(keys.map(({ pk, sk }) => [textOfKey({ pk, sk }), { pk, sk }])).values()]
  const read = (chunk: Key[]) => readKeyBatch<Item>(session, table, chunk, consistent)
  return (await inParallel(batchesAtOnce, inChunks(distinct, mostKeysInBatch), read)).flat()
}

const passingCodes = new Set([
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
  'InternalServerError',
  'TransactionConflict',
])
const refusalCodes = new Set(['ConditionalCheckFailed', 'DuplicateItem'])

interface PendingStatement<Subject> {
  subject: Subject
  statement: BatchStatement
}

const executeBatch = async <Subject>(
  session: Session,
  batch: readonly PendingStatement<Subject>[],
): Promise<{ refused: Subject[]; again: PendingStatement<Subject>[] }> => {
  const Statements = batch.map(({ statement }) => statement)
  const { Responses = [] } = await executeStatements(session, { Statements })
  const codeAt = (at: number) => Responses[at]?.Error?.Code ?? ''
  const broken = batch.findIndex(
    (_, at) => codeAt(at) && !passingCodes.has(codeAt(at)) && !refusalCodes.has(codeAt(at)),
  )
  if (broken >= 0) throw new Error(`${codeAt(broken)}: ${Responses[broken]?.Error?.Message}`)
  return {
    refused: batch.filter((_, at) => refusalCodes.has(codeAt(at))).map(({ subject }) => subject),
    again: batch.filter((_, at) => passingCodes.has(codeAt(at))),
  }
}

/**
 * Executes a conditional statement for each subject and returns the subjects whose condition did not hold. Fails with
 * `throttled` when DynamoDB has not executed all of them after ten attempts.
 */
export const executeAll = async <Subject>(
  session: Session,
  subjects: readonly Subject[],
  statementOf: (subject: Subject) => BatchStatement,
): Promise<Subject[]> => {
  const run = async (chunk: Subject[]): Promise<Subject[]> => {
    const refused: Subject[] = []
    let left = chunk.map((subject) => ({ subject, statement: statementOf(subject) }))
    for (let attempt = 0; attempt < mostBatchAttempts; attempt++) {
      const { refused: more, again } = await executeBatch(session, left)
      refused.push(...more)
      if (again.length === 0) return refused
      left = again
      await backOff(session, attempt)
    }
    throw exhausted()
  }
  return (await inParallel(batchesAtOnce, inChunks(subjects, mostStatements), run)).flat()
}
