import { QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb'
import type { Clients } from '../../src/store/dynamo/clients.ts'

interface Page {
  Items?: unknown[]
  LastEvaluatedKey?: Record<string, unknown>
}

type NextPage = (start: { ExclusiveStartKey?: Record<string, unknown> }) => Promise<Page>

/** A page may end anywhere, on AWS as under the stand-in. */
const allPages = async <Item>(next: NextPage): Promise<Item[]> => {
  const items: unknown[] = []
  let after: Record<string, unknown> | undefined
  do {
    const page = await next(after ? { ExclusiveStartKey: after } : {})
    items.push(...(page.Items ?? []))
    after = page.LastEvaluatedKey
  } while (after)
  return items as Item[]
}

/** Returns every item of a table. */
export const wholeTable = <Item>({ dynamo }: Pick<Clients, 'dynamo'>, table: string): Promise<Item[]> =>
  allPages(
    (start) =>
      dynamo.send(new ScanCommand({ ConsistentRead: true, TableName: table, ...start })) as Promise<Page>,
  )

/** Returns every item under a partition key. */
export const wholePartition = <Item>(
  { dynamo }: Pick<Clients, 'dynamo'>,
  table: string,
  pk: string,
): Promise<Item[]> =>
  allPages(
    (start) =>
      dynamo.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': pk },
          ...start,
        }),
      ) as Promise<Page>,
  )
