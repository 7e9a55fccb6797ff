/** https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html */

import type { Writable } from 'node:stream'
import type { APIGatewayProxyEvent, Context } from 'aws-lambda'
import type { Sent } from './gateway.ts'

const endStream = (stream: Writable, body: Sent['body']): Promise<void> =>
  new Promise((resolve, reject) => {
    stream.once('error', reject)
    // Status and headers leave with the first write, be it of nothing.
    stream.write(body)
    stream.end(resolve)
  })

/** Returns the handler that streams another handler's answers; undefined outside of Lambda's runtime. */
export const streamingHandler = (answer: (event: APIGatewayProxyEvent, context: Context) => Promise<Sent>) =>
  // Other libraries put an object of that name there too.
  typeof awslambda === 'undefined' || !('streamifyResponse' in awslambda)
    ? undefined
    : awslambda.streamifyResponse<APIGatewayProxyEvent, void>(async (event, stream, context) => {
        const { statusCode, headers, body } = await answer(event, context)
        await endStream(awslambda.HttpResponseStream.from(stream, { statusCode, headers }), body)
      })
