import type { QueryCommandInput } from '@aws-sdk/lib-dynamodb'
import { type Key, listPartition, orderBounds } from '../../keys.ts'
import type { Range } from '../../port.ts'

/** A Query with a limit. */
type LimitedQuery = QueryCommandInput & { Limit: number }

const boundsCondition = (from: string | undefined, to: string | undefined): string => {
  if (from !== undefined && to !== undefined) return ' AND sk BETWEEN :from AND :to'
  if (from !== undefined) return ' AND sk >= :from'
  return to === undefined ? '' : ' AND sk < :to'
}

/** Returns the parameters of a Query over a partition between two sort keys; `to` must not be the sort key of an item. */
export const betweenParams = (
  table: string,
  pk: string,
  { from, to, after, reverse, limit }: Omit<Range, 'list' | 'shard'>,
): LimitedQuery => ({
  TableName: table,
  ConsistentRead: true,
  KeyConditionExpression: `pk = :pk${boundsCondition(from, to)}`,
  ExpressionAttributeValues: {
    ':pk': pk,
    ...(from !== undefined && { ':from': from }),
    ...(to !== undefined && { ':to': to }),
  },
  ScanIndexForward: !reverse,
  Limit: limit,
  ...(after !== undefined && { ExclusiveStartKey: { pk, sk: after } }),
})

/** Returns the parameters of the Query that reads a page of a list. */
export const pageParams = (table: string, tenant: string, range: Range): QueryCommandInput => {
  const { from: _, to: __, ...rest } = range
  const pk = listPartition(tenant, range.list, range.shard)
  return betweenParams(table, pk, { ...rest, ...orderBounds(range.from, range.to) })
}

/** The two indexes of the `resources` table that order versions by time. */
export const historyIndexes = {
  'by-type': { pk: 'tpk', sk: 'tsk' },
  'by-time': { pk: 'dpk', sk: 'dsk' },
} as const

/** A stretch of a history index, both ends included. */
export interface Stretch {
  from: string
  to: string
  oldestFirst: boolean
  limit: number
}

/** Returns the parameters of the Query that reads a partition of a history index. */
export const historyParams = (
  table: string,
  index: keyof typeof historyIndexes,
  partition: string,
  { from, to, oldestFirst, limit }: Stretch,
): LimitedQuery => ({
  TableName: table,
  IndexName: index,
  KeyConditionExpression: '#pk = :pk AND #sk BETWEEN :from AND :to',
  ExpressionAttributeNames: { '#pk': historyIndexes[index].pk, '#sk': historyIndexes[index].sk },
  ExpressionAttributeValues: { ':pk': partition, ':from': from, ':to': to },
  ScanIndexForward: oldestFirst,
  Limit: limit,
})

/** Returns the parameters of the Query that reads keys of a type's versions, oldest first. */
export const idsParams = (
  table: string,
  partition: string,
  limit: number,
  after?: Key,
): QueryCommandInput => ({
  TableName: table,
  IndexName: 'by-type',
  KeyConditionExpression: '#pk = :pk',
  ExpressionAttributeNames: { '#pk': historyIndexes['by-type'].pk },
  ExpressionAttributeValues: { ':pk': partition },
  Limit: limit,
  ...(after && { ExclusiveStartKey: after }),
})
