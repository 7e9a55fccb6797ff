import { inflateRawSync } from 'node:zlib'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda'

const credentials = () =>
  Promise.resolve({
    accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? '',
  })

const endpoint = process.env.AWS_ENDPOINT_URL_DYNAMODB ?? ''

/** The SDK as the server itself sets it up, and nothing else of the server. */
export const dynamo = DynamoDBDocumentClient.from(
  new DynamoDBClient({ region: process.env.AWS_REGION ?? 'local', credentials, endpoint }),
)

/** Returns the JSON text in a stored body. */
export const textOf = (body: Uint8Array): string => inflateRawSync(body.subarray(1)).toString()

/** Returns a gateway's answer. */
export const answer = (body: string): APIGatewayProxyResult => ({
  statusCode: 200,
  headers: { 'content-type': 'application/fhir+json' },
  body,
})

/** Returns a handler as a function that streams has it, in Lambda's runtime; as it is anywhere else. */
export const streamed = (handler: (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>) =>
  typeof awslambda === 'undefined' || !('streamifyResponse' in awslambda)
    ? handler
    : awslambda.streamifyResponse<APIGatewayProxyEvent, void>(async (event, stream) => {
        const { statusCode, headers = {}, body } = await handler(event)
        const out = awslambda.HttpResponseStream.from(stream, { statusCode, headers })
        // The head leaves with the first write.
        out.write(body)
        out.end()
      })
