import { BatchGetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda'
import { answer, dynamo, streamed, textOf } from './answer.ts'

const resources = process.env.RESOURCES_TABLE ?? ''

const newestIds = async (patient: string, count: number): Promise<string[]> => {
  const { Items = [] } = await dynamo.send(
    new QueryCommand({
      TableName: process.env.SEARCH_TABLE,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :type)',
      ExpressionAttributeValues: { ':pk': `main|patient|${patient}|0`, ':type': 'Observation|' },
      ScanIndexForward: false,
      ConsistentRead: true,
      Limit: 100,
    }),
  )
  return Items.flatMap((item) => item.ids as string[]).slice(0, count)
}

/** The least that a page of a patient's observations can be: one Query, one BatchGetItem. */
export const handler = async ({ path }: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> => {
  const ids = await newestIds(path.split('/').at(-1) ?? '', 50)
  const Keys = ids.map((id) => ({ pk: `main|Observation|${id}`, sk: '#' }))
  const { Responses } = await dynamo.send(
    new BatchGetCommand({ RequestItems: { [resources]: { Keys, ConsistentRead: true } } }),
  )
  const entries = (Responses?.[resources] ?? []).map(
    (item) => `{"resource":${textOf(item.body as Uint8Array)}}`,
  )
  return answer(`{"resourceType":"Bundle","type":"searchset","entry":[${entries.join(',')}]}`)
}

/** The same for a function whose answers are streamed. */
export const streaming = streamed(handler)
