import { GetCommand } from '@aws-sdk/lib-dynamodb'
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda'
import { answer, dynamo, streamed, textOf } from './answer.ts'

/** The least that a read can be: one GetItem. */
export const handler = async ({ path }: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> => {
  const [type, id] = path.split('/').slice(-2)
  const { Item } = await dynamo.send(
    new GetCommand({
      TableName: process.env.RESOURCES_TABLE,
      Key: { pk: `main|${type}|${id}`, sk: '#' },
      ConsistentRead: true,
    }),
  )
  return Item ? answer(textOf(Item.body as Uint8Array)) : { statusCode: 404, body: '' }
}

/** The same for a function whose answers are streamed. */
export const streaming = streamed(handler)
