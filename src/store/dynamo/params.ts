import type { BatchStatementRequest } from '@aws-sdk/client-dynamodb'
import type {
  DeleteCommandInput,
  GetCommandInput,
  PutCommandInput,
  ScanCommandInput,
  TransactWriteCommandInput,
  UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb'
import type { Key } from '../keys.ts'
import { type Prepared, plain, type ResourceItem } from './items.ts'
import type { Tables } from './session.ts'

/** One statement of a batch, its values still plain. */
export type Statement = Omit<BatchStatementRequest, 'Parameters' | 'Statement'> & {
  Statement: string
  Parameters: unknown[]
}

const keyOf = ({ pk, sk }: Key): Key => ({ pk, sk })

/** Returns the parameters of a consistent GetItem. */
export const getParams = (table: string, key: Key): GetCommandInput => ({
  TableName: table,
  Key: keyOf(key),
  ConsistentRead: true,
})

/** Returns the parameters of the put that commits one write: it fails unless `before` is current and nothing staged. */
export const flipParams = (table: string, { write, item }: Prepared): PutCommandInput =>
  write.before
    ? {
        TableName: table,
        Item: item,
        ConditionExpression: 'w = :w AND attribute_not_exists(txn) AND attribute_not_exists(#next)',
        ExpressionAttributeNames: { '#next': 'next' },
        ExpressionAttributeValues: { ':w': write.before.w },
      }
    : { TableName: table, Item: item, ConditionExpression: 'attribute_not_exists(pk)' }

/** How a transaction ended, as its record says. */
interface Ending {
  state: 'committed' | 'aborted'
  journal?: boolean
  /** Which attempt committed it, to tell its own lost answer from another's commit under the same lock. */
  attempt?: string
  ttl?: number
}

/** Returns the parameters of the put that ends a transaction; the first such put decides. */
export const recordParams = (table: string, key: Key, ending: Ending): PutCommandInput => ({
  TableName: table,
  Item: { ...key, ...ending },
  ConditionExpression: 'attribute_not_exists(pk)',
})

/** Returns the parameters that note that a journal is carried out. */
export const doneParams = (table: string, key: Key): UpdateCommandInput => ({
  TableName: table,
  Key: key,
  UpdateExpression: 'SET done = :done',
  ConditionExpression: 'attribute_exists(pk)',
  ExpressionAttributeValues: { ':done': true },
})

/** Returns the parameters that let a record expire, once nothing that is staged refers to it any more. */
export const expireParams = (table: string, key: Key, ttl: number): UpdateCommandInput => ({
  TableName: table,
  Key: key,
  UpdateExpression: 'SET done = :done, #ttl = :ttl',
  ConditionExpression: 'attribute_exists(pk)',
  ExpressionAttributeNames: { '#ttl': 'ttl' },
  ExpressionAttributeValues: { ':done': true, ':ttl': ttl },
})

/** Returns the parameters that show that the writer of a registered transaction lives. */
export const beatParams = (table: string, key: Key): UpdateCommandInput => ({
  TableName: table,
  Key: key,
  UpdateExpression: 'ADD beat :one',
  ConditionExpression: 'attribute_exists(pk)',
  ExpressionAttributeValues: { ':one': 1 },
})

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number]

/** Returns the check that a resource is neither deleted nor, by a transaction under way, about to be. */
const undeletedCheck = (table: string, key: Key): TransactItem => ({
  ConditionCheck: {
    TableName: table,
    Key: key,
    ConditionExpression: 'attribute_not_exists(deleted) AND attribute_not_exists(#next.deleted)',
    ExpressionAttributeNames: { '#next': 'next' },
  },
})

/** Returns the check that a resource still is at the version that was seen, or still never was. */
const unchangedCheck = (table: string, key: Key, w: string | undefined): TransactItem => ({
  ConditionCheck: {
    TableName: table,
    Key: key,
    ...(w === undefined
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : { ConditionExpression: 'w = :w', ExpressionAttributeValues: { ':w': w } }),
  },
})

/** A resource that must be as it was seen, by its write id. */
export interface UnchangedKey {
  key: Key
  w: string | undefined
}

/** Returns the parameters of a transaction that flips all writes at once: behind the record, if one fences it, and before the checks. */
export const transactParams = (
  tables: Tables,
  prepared: readonly Prepared[],
  record?: PutCommandInput,
  undeleted: readonly Key[] = [],
  unchanged: readonly UnchangedKey[] = [],
): TransactWriteCommandInput => ({
  TransactItems: [
    ...[...(record ? [record] : []), ...prepared.map((one) => flipParams(tables.resources, one))].map(
      (Put) => ({ Put }),
    ),
    ...undeleted.map((key) => undeletedCheck(tables.resources, key)),
    ...unchanged.map(({ key, w }) => unchangedCheck(tables.resources, key, w)),
  ],
})

const insertStatement = (table: string, item: object): Statement => {
  const attributes = Object.entries(item)
  return {
    Statement: `INSERT INTO "${table}" VALUE {${attributes.map(([name]) => `'${name}': ?`).join(', ')}}`,
    Parameters: attributes.map(([, value]) => value),
  }
}

/** Returns the statement that stages a write under a transaction; it fails unless `before` is current and free. */
export const stageStatement = (table: string, { write, item }: Prepared, txn: string): Statement => {
  if (write.before) {
    const { pk, sk, ...image } = item
    return {
      Statement: `UPDATE "${table}" SET "next" = ? WHERE pk = ? AND sk = ? AND w = ? AND txn IS MISSING AND "next" IS MISSING`,
      Parameters: [{ ...image, txn }, pk, sk, write.before.w],
    }
  }
  return insertStatement(table, { ...item, txn })
}

/** Returns the statement that creates a resource as a journal says, unless that is done already. */
export const applyStatement = (table: string, item: ResourceItem, txn: string): Statement =>
  insertStatement(table, { ...item, by: txn })

/** Returns the statement that makes a committed new resource an ordinary item. */
export const foldStatement = (table: string, { pk, sk }: Key, txn: string): Statement => ({
  Statement: `UPDATE "${table}" REMOVE txn WHERE pk = ? AND sk = ? AND txn = ?`,
  Parameters: [pk, sk, txn],
})

/** Returns the parameters of the put that makes a committed change of an existing resource current. */
export const foldParams = (table: string, item: ResourceItem, txn: string): PutCommandInput => ({
  TableName: table,
  Item: plain(item),
  ConditionExpression: '#next.txn = :txn',
  ExpressionAttributeNames: { '#next': 'next' },
  ExpressionAttributeValues: { ':txn': txn },
})

/** Returns the parameters that take a row for oneself, unless somebody has since an instant. */
export const claimParams = (table: string, key: Key, now: number, since: number): UpdateCommandInput => ({
  TableName: table,
  Key: keyOf(key),
  UpdateExpression: 'SET taken = :now',
  ConditionExpression: 'attribute_exists(pk) AND (attribute_not_exists(taken) OR taken < :since)',
  ExpressionAttributeValues: { ':now': now, ':since': since },
})

/** Returns the parameters that remove a deletion, if it is still what is current and nothing is under way. */
export const purgeParams = (table: string, key: Key, w: string): DeleteCommandInput => ({
  TableName: table,
  Key: key,
  ConditionExpression:
    'w = :w AND attribute_exists(deleted) AND attribute_not_exists(txn) AND attribute_not_exists(#next)',
  ExpressionAttributeNames: { '#next': 'next' },
  ExpressionAttributeValues: { ':w': w },
})

/** Returns the parameters that take an aborted new resource away. */
export const unstageNewParams = (table: string, key: Key, txn: string): DeleteCommandInput => ({
  TableName: table,
  Key: keyOf(key),
  ConditionExpression: 'txn = :txn',
  ExpressionAttributeValues: { ':txn': txn },
})

/** Returns the parameters that take an aborted change off an existing resource. */
export const unstageNextParams = (table: string, key: Key, txn: string): UpdateCommandInput => ({
  TableName: table,
  Key: keyOf(key),
  UpdateExpression: 'REMOVE #next',
  ConditionExpression: '#next.txn = :txn',
  ExpressionAttributeNames: { '#next': 'next' },
  ExpressionAttributeValues: { ':txn': txn },
})

/** Returns the statement that takes a lock, if nobody holds it. */
export const lockStatement = (table: string, { pk, sk }: Key, txn: string, ttl: number): Statement =>
  insertStatement(table, { pk, sk, txn, ttl })

/** Returns the parameters of a put of a lock: on a free name, or in place of a transaction's that has lost it. */
export const lockParams = (
  table: string,
  key: Key,
  txn: string,
  ttl: number,
  instead?: string,
): PutCommandInput => ({
  TableName: table,
  Item: { ...key, txn, ttl },
  ...(instead === undefined
    ? { ConditionExpression: 'attribute_not_exists(pk)' }
    : { ConditionExpression: 'txn = :instead', ExpressionAttributeValues: { ':instead': instead } }),
})

/** Returns the statement that gives a lock back, if it is still this transaction's. */
export const unlockStatement = (table: string, { pk, sk }: Key, txn: string): Statement => ({
  Statement: `DELETE FROM "${table}" WHERE pk = ? AND sk = ? AND txn = ?`,
  Parameters: [pk, sk, txn],
})

/** Returns the parameters that mark ids of an index item as dead. */
export const deadParams = (table: string, key: Key, ids: readonly string[]): UpdateCommandInput => ({
  TableName: table,
  Key: keyOf(key),
  UpdateExpression: 'ADD dead :ids',
  ConditionExpression: 'attribute_exists(pk)',
  ExpressionAttributeValues: { ':ids': new Set(ids) },
  ReturnValues: 'ALL_NEW',
})

/** Returns the parameters of the put of an item in place of the version before; it fails unless that is the current one. */
export const nextPutParams = (
  table: string,
  key: Key,
  { v, text }: { v: number; text: string | Uint8Array },
): PutCommandInput => ({
  TableName: table,
  Item: { ...key, v, text },
  ...(v === 1
    ? { ConditionExpression: 'attribute_not_exists(pk)' }
    : { ConditionExpression: 'v = :before', ExpressionAttributeValues: { ':before': v - 1 } }),
})

/** Returns the parameters of the Scan that finds the index items about a type. */
export const saidParams = (
  table: string,
  type: string,
  { own, patients }: { own: readonly string[]; patients: readonly string[] },
  limit: number,
  after?: Key,
): ScanCommandInput => {
  const begins = (name: string, all: readonly string[]): string =>
    all.map((_, i) => `begins_with(pk, :${name}${i})`).join(' OR ')
  const valuesOf = (name: string, all: readonly string[]): [string, string][] =>
    all.map((prefix, i) => [`:${name}${i}`, prefix])
  return {
    TableName: table,
    FilterExpression: `${begins('own', own)} OR ((${begins('patient', patients)}) AND begins_with(sk, :type))`,
    ExpressionAttributeValues: {
      ...Object.fromEntries([...valuesOf('own', own), ...valuesOf('patient', patients)]),
      ':type': `${type}|`,
    },
    Limit: limit,
    ...(after && { ExclusiveStartKey: after }),
  }
}

/** Returns the parameters of the put of an index item in place of one as it was read, or of none. */
export const carePutParams = (
  table: string,
  item: object,
  before: { ids: readonly string[]; dead?: Set<string> } | undefined,
): PutCommandInput => {
  if (!before) return { TableName: table, Item: { ...item }, ConditionExpression: 'attribute_not_exists(pk)' }
  const dead = before.dead ? 'dead = :dead' : 'attribute_not_exists(dead)'
  return {
    TableName: table,
    Item: { ...item },
    ConditionExpression: `ids = :ids AND ${dead}`,
    ExpressionAttributeValues: { ':ids': before.ids, ...(before.dead && { ':dead': before.dead }) },
  }
}
