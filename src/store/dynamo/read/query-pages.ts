import type { QueryCommandInput } from '@aws-sdk/lib-dynamodb'
import { queryItems, type Session } from '../session.ts'

type Items = Record<string, unknown>[]

/**
 * Returns as many items as a Query's `Limit` allows. DynamoDB may end a page before that, at a megabyte for example; a
 * `LastEvaluatedKey` says that more items may follow.
 */
export const queryUpTo = async (
  session: Session,
  params: QueryCommandInput & { Limit: number },
): Promise<Items> => {
  const found: Items = []
  let start = params.ExclusiveStartKey
  do {
    const { Items = [], LastEvaluatedKey } = await queryItems(session, {
      ...params,
      Limit: params.Limit - found.length,
      ...(start && { ExclusiveStartKey: start }),
    })
    found.push(...Items)
    start = LastEvaluatedKey
  } while (start && found.length < params.Limit)
  return found
}
