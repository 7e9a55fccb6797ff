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
import { type Prepared, type ResourceItem, withoutStaged } from './items.ts'
import type { TableNames } from './session.ts'

/** A statement of BatchExecuteStatement with plain values as parameters. */
export type BatchStatement = Omit<BatchStatementRequest, 'Parameters' | 'Statement'> & {
  Statement: string
  Parameters: unknown[]
}

const primaryKey = ({ pk, sk }: Key): Key => ({ pk, sk })

/** Returns the parameters of a consistent GetItem. */
export const getParams = (table: string, key: Key): GetCommandInput => ({
  TableName: table,
  Key: primaryKey(key),
  ConsistentRead: true,
})

/** Returns the parameters of the put that commits a write, on condition that `before` is current and nothing is staged. */
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

/** The end of a transaction, as its record holds it. */
interface Ending {
  state: 'committed' | 'aborted'
  journal?: boolean
  /**
   * The attempt that committed the transaction: distinguishes a lost answer of the same attempt from another commit under
   * the same lock.
   */
  attempt?: string
  ttl?: number
}

/** Returns the parameters of the put of a transaction's record; the first put decides how the transaction ends. */
export const recordParams = (table: string, key: Key, ending: Ending): PutCommandInput => ({
  TableName: table,
  Item: { ...key, ...ending },
  ConditionExpression: 'attribute_not_exists(pk)',
})

/** Returns the parameters of the update that marks a journal as carried out. */
export const doneParams = (table: string, key: Key): UpdateCommandInput => ({
  TableName: table,
  Key: key,
  UpdateExpression: 'SET done = :done',
  ConditionExpression: 'attribute_exists(pk)',
  ExpressionAttributeValues: { ':done': true },
})

/** Returns the parameters of the update that lets a record expire, after nothing staged refers to the record any more. */
export const expireParams = (table: string, key: Key, ttl: number): UpdateCommandInput => ({
  TableName: table,
  Key: key,
  UpdateExpression: 'SET done = :done, #ttl = :ttl',
  ConditionExpression: 'attribute_exists(pk)',
  ExpressionAttributeNames: { '#ttl': 'ttl' },
  ExpressionAttributeValues: { ':done': true, ':ttl': ttl },
})

/** Returns the parameters of the update by which the writer of a registered transaction shows signs of life. */
export const beatParams = (table: string, key: Key): UpdateCommandInput => ({
  TableName: table,
  Key: key,
  UpdateExpression: 'ADD beat :one',
  ConditionExpression: 'attribute_exists(pk)',
  ExpressionAttributeValues: { ':one': 1 },
})

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number]

/** Returns the check that a resource is not deleted, neither now nor by a transaction under way. */
const undeletedCheck = (table: string, key: Key): TransactItem => ({
  ConditionCheck: {
    TableName: table,
    Key: key,
    ConditionExpression: 'attribute_not_exists(deleted) AND attribute_not_exists(#next.deleted)',
    ExpressionAttributeNames: { '#next': 'next' },
  },
})

/** Returns the check that a resource is still at the version that was seen, or still does not exist. */
const unchangedCheck = (table: string, key: Key, w: string | undefined): TransactItem => ({
  ConditionCheck: {
    TableName: table,
    Key: key,
    ...(w === undefined
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : { ConditionExpression: 'w = :w', ExpressionAttributeValues: { ':w': w } }),
  },
})

/** A resource that must be as it was seen: with an unchanged write id, or still without any. */
export interface UnchangedKey {
  key: Key
  w: string | undefined
}

/**
 * Returns the parameters of the TransactWriteItems that flips all writes at once: the record first if there is a lock,
 * then the writes, then the checks.
 */
export const transactParams = (
  tables: TableNames,
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

const insertStatement = (table: string, item: object): BatchStatement => {
  const attributes = Object.entries(item)
  return {
    Statement: `INSERT INTO "${table}" VALUE {${attributes.map(([name]) => `'${name}': ?`).join(', ')}}`,
    Parameters: attributes.map(([, value]) => value),
  }
}

/**
 * Returns the statement that stages a write under a transaction, on condition that `before` is current and nothing is
 * staged.
 */
export const stageStatement = (table: string, { write, item }: Prepared, txn: string): BatchStatement => {
  if (write.before) {
    const { pk, sk, ...image } = item
    return {
      Statement: `UPDATE "${table}" SET "next" = ? WHERE pk = ? AND sk = ? AND w = ? AND txn IS MISSING AND "next" IS MISSING`,
      Parameters: [{ ...image, txn }, pk, sk, write.before.w],
    }
  }
  return insertStatement(table, { ...item, txn })
}

/** Returns the statement that creates a resource from a journal, unless the resource exists. */
export const applyStatement = (table: string, item: ResourceItem, txn: string): BatchStatement =>
  insertStatement(table, { ...item, by: txn })

/** Returns the statement that makes a committed new resource an ordinary item. */
export const foldStatement = (table: string, { pk, sk }: Key, txn: string): BatchStatement => ({
  Statement: `UPDATE "${table}" REMOVE txn WHERE pk = ? AND sk = ? AND txn = ?`,
  Parameters: [pk, sk, txn],
})

/** Returns the parameters of the put that makes a committed change of an existing resource current. */
export const foldParams = (table: string, item: ResourceItem, txn: string): PutCommandInput => ({
  TableName: table,
  Item: withoutStaged(item),
  ConditionExpression: '#next.txn = :txn',
  ExpressionAttributeNames: { '#next': 'next' },
  ExpressionAttributeValues: { ':txn': txn },
})

/**
 * Returns the parameters of the update that takes a row, unless another process took it after `since`, in milliseconds
 * since 1970.
 */
export const claimParams = (table: string, key: Key, now: number, since: number): UpdateCommandInput => ({
  TableName: table,
  Key: primaryKey(key),
  UpdateExpression: 'SET taken = :now',
  ConditionExpression: 'attribute_exists(pk) AND (attribute_not_exists(taken) OR taken < :since)',
  ExpressionAttributeValues: { ':now': now, ':since': since },
})

/**
 * Returns the parameters of the delete of a deletion, on condition that the deletion is still current and no transaction
 * is under way.
 */
export const purgeParams = (table: string, key: Key, w: string): DeleteCommandInput => ({
  TableName: table,
  Key: key,
  ConditionExpression:
    'w = :w AND attribute_exists(deleted) AND attribute_not_exists(txn) AND attribute_not_exists(#next)',
  ExpressionAttributeNames: { '#next': 'next' },
  ExpressionAttributeValues: { ':w': w },
})

/** Returns the parameters of the delete of an aborted new resource. */
export const unstageNewParams = (table: string, key: Key, txn: string): DeleteCommandInput => ({
  TableName: table,
  Key: primaryKey(key),
  ConditionExpression: 'txn = :txn',
  ExpressionAttributeValues: { ':txn': txn },
})

/** Returns the parameters of the update that removes an aborted change from an existing resource. */
export const unstageNextParams = (table: string, key: Key, txn: string): UpdateCommandInput => ({
  TableName: table,
  Key: primaryKey(key),
  UpdateExpression: 'REMOVE #next',
  ConditionExpression: '#next.txn = :txn',
  ExpressionAttributeNames: { '#next': 'next' },
  ExpressionAttributeValues: { ':txn': txn },
})

/** Returns the statement that takes a lock, unless the lock is taken. */
export const lockStatement = (table: string, { pk, sk }: Key, txn: string, ttl: number): BatchStatement =>
  insertStatement(table, { pk, sk, txn, ttl })

/**
 * Returns the parameters of the put of a lock: on a free name, or in place of the lock of the transaction `instead`,
 * which has ended.
 */
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

/** Returns the statement that releases a lock that is still this transaction's. */
export const unlockStatement = (table: string, { pk, sk }: Key, txn: string): BatchStatement => ({
  Statement: `DELETE FROM "${table}" WHERE pk = ? AND sk = ? AND txn = ?`,
  Parameters: [pk, sk, txn],
})

/** Returns the parameters of the update that marks ids of an index item as dead. */
export const deadParams = (table: string, key: Key, ids: readonly string[]): UpdateCommandInput => ({
  TableName: table,
  Key: primaryKey(key),
  UpdateExpression: 'ADD dead :ids',
  ConditionExpression: 'attribute_exists(pk)',
  ExpressionAttributeValues: { ':ids': new Set(ids) },
  ReturnValues: 'ALL_NEW',
})

/**
 * Returns the parameters of the put of an item's next version, on condition that the stored item is of the version
 * before.
 */
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

/** Returns the parameters of the Scan that finds the index items of a type's resources. */
export const typeEntriesParams = (
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

/**
 * Returns the parameters of the put of an index item, on condition that the stored item is still `before`, or still
 * absent.
 */
export const indexItemPutParams = (
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
