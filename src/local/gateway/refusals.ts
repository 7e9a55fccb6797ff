// https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
import { randomUUID } from 'node:crypto'
import type { GatewayResponse } from '../template/template.ts'
import type { WireResponse } from './event.ts'

/** API Gateway's statuses for the answers that it gives without a function. */
const statuses = {
  UNAUTHORIZED: 401,
  ACCESS_DENIED: 403,
  MISSING_AUTHENTICATION_TOKEN: 403,
  REQUEST_TOO_LARGE: 413,
  INTEGRATION_FAILURE: 504,
  INTEGRATION_TIMEOUT: 504,
  // These three are answered in front of the gateway on AWS, which has no type for them.
  BAD_REQUEST: 400,
  URI_TOO_LONG: 414,
  HEADERS_TOO_LARGE: 431,
  DEFAULT_4XX: 400,
  DEFAULT_5XX: 502,
} as const

export type RefusalType = keyof typeof statuses

/** Returns the gateway's own answer, worded by the template's GatewayResponses. */
export const refusal = (
  responses: ReadonlyMap<string, GatewayResponse>,
  type: RefusalType,
  message: string,
): WireResponse => {
  const fallback = statuses[type] < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX'
  const response = responses.get(type) ?? responses.get(fallback)
  const id = randomUUID()
  const body = (response?.body ?? '{"message":$context.error.messageString}')
    .replaceAll('$context.error.messageString', () => JSON.stringify(message))
    .replaceAll('$context.requestId', id)
  return {
    status: response?.status ?? statuses[type],
    headers: Object.entries({
      'Content-Type': 'application/json',
      'x-amzn-RequestId': id,
      ...response?.headers,
    }),
    body,
  }
}
