import type { BatchGetCommandInput, BatchWriteCommandInput } from '@aws-sdk/lib-dynamodb'
import { failure } from '../../outcome/failure.ts'
import type { Key } from '../keys.ts'
import { inChunks, inParallel } from '../parallel.ts'
import type { Statement } from './params.ts'
import { batchGet, batchWrite, executeStatements, pause, type Session } from './session.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
const mostReads = 100
const mostWrites = 25
const mostStatements = 25

/** How many batches are under way at once; the connection pool holds 50. */
const concurrency = 16
const mostAttempts = 10

/** One put or delete of a batch, of whatever table. */
export interface BatchRequest {
  table: string
  put?: Record<string, unknown>
  remove?: Key
}

type WriteItems = NonNullable<BatchWriteCommandInput['RequestItems']>
type ReadItems = NonNullable<BatchGetCommandInput['RequestItems']>

const exhausted = () => failure('throttled', 'The database is at its limit. Try again in a moment.')

/** Returns the `RequestItems` of one BatchWriteItem. */
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
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const { UnprocessedItems } = await batchWrite(session, { RequestItems: items })
    if (!UnprocessedItems || Object.keys(UnprocessedItems).length === 0) return
    items = UnprocessedItems
    await pause(session, attempt)
  }
  throw exhausted()
}

/** Puts and deletes items, in any order; fails with `throttled` when the table does not take them in time. */
export const writeAll = async (session: Session, requests: readonly BatchRequest[]): Promise<void> => {
  await inParallel(concurrency, inChunks(requests, mostWrites), (chunk) => writeBatch(session, chunk))
}

const readBatch = async <Item>(
  session: Session,
  table: string,
  keys: readonly Key[],
  consistent: boolean,
): Promise<Item[]> => {
  const found: Item[] = []
  let items: ReadItems = { [table]: { Keys: [...keys], ConsistentRead: consistent } }
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const { Responses, UnprocessedKeys } = await batchGet(session, { RequestItems: items })
    found.push(...((Responses?.[table] ?? []) as Item[]))
    if (!UnprocessedKeys || Object.keys(UnprocessedKeys).length === 0) return found
    items = UnprocessedKeys
    if (!Responses?.[table]?.length) await pause(session, attempt)
  }
  throw exhausted()
}

/** Returns the items of a table that exist under these keys, in any order. */
export const readAll = async <Item>(
  session: Session,
  table: string,
  keys: readonly Key[],
  consistent = true,
): Promise<Item[]> => {
  const distinct = [...new Map(keys.map(({ pk, sk }) => [`${pk}\n${sk}`, { pk, sk }])).values()]
  const read = (chunk: Key[]) => readBatch<Item>(session, table, chunk, consistent)
  return (await inParallel(concurrency, inChunks(distinct, mostReads), read)).flat()
}

const passing = new Set([
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
  'InternalServerError',
  'TransactionConflict',
])
const refusing = new Set(['ConditionalCheckFailed', 'DuplicateItem'])

interface Pending<Subject> {
  subject: Subject
  statement: Statement
}

const executeBatch = async <Subject>(
  session: Session,
  batch: readonly Pending<Subject>[],
): Promise<{ refused: Subject[]; again: Pending<Subject>[] }> => {
  const Statements = batch.map(({ statement }) => statement)
  const { Responses = [] } = await executeStatements(session, { Statements })
  const codeAt = (at: number) => Responses[at]?.Error?.Code ?? ''
  const broken = batch.findIndex(
    (_, at) => codeAt(at) && !passing.has(codeAt(at)) && !refusing.has(codeAt(at)),
  )
  if (broken >= 0) throw new Error(`${codeAt(broken)}: ${Responses[broken]?.Error?.Message}`)
  return {
    refused: batch.filter((_, at) => refusing.has(codeAt(at))).map(({ subject }) => subject),
    again: batch.filter((_, at) => passing.has(codeAt(at))),
  }
}

/** Executes one conditional statement per subject and returns the subjects whose condition did not hold. */
export const executeAll = async <Subject>(
  session: Session,
  subjects: readonly Subject[],
  statementOf: (subject: Subject) => Statement,
): Promise<Subject[]> => {
  const run = async (chunk: Subject[]): Promise<Subject[]> => {
    const refused: Subject[] = []
    let left = chunk.map((subject) => ({ subject, statement: statementOf(subject) }))
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const { refused: more, again } = await executeBatch(session, left)
      refused.push(...more)
      if (again.length === 0) return refused
      left = again
      await pause(session, attempt)
    }
    throw exhausted()
  }
  return (await inParallel(concurrency, inChunks(subjects, mostStatements), run)).flat()
}
