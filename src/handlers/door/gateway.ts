/** https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html (REST, v1) */

import { gunzipSync, gzipSync } from 'node:zlib'
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda'
import type { FhirResponse } from '../../http/message.ts'
import { failure } from '../../outcome/failure.ts'
import { responseTooLarge, tooLarge } from '../../outcome/messages.ts'
import type { FhirRequest } from '../../request/request.ts'

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const lambdaLimit = 6 * 1024 * 1024
/** The bytes of the limit left for a body beside status and headers. */
const usable = lambdaLimit - 10_000

const decodedPath = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * Returns the FHIR path from the route's template, `/Patient/{proxy+}`: unlike `path` it never contains a custom domain's
 * prefix.
 */
const eventPath = ({ resource, pathParameters }: APIGatewayProxyEvent): string =>
  resource
    .replace(/\{(\w+)\+?\}/g, (_, name: string) => decodedPath(pathParameters?.[name] ?? ''))
    .replace(/^\/+|\/+$/g, '')

/**
 * Returns the query's parameters; `queryStringParameters` would keep only the last of repeated parameters, which are AND
 * in FHIR.
 */
const queryOfEvent = (event: APIGatewayProxyEvent): [string, string][] =>
  Object.entries(event.multiValueQueryStringParameters ?? {}).flatMap(([name, values]) =>
    (values ?? []).map((value): [string, string] => [name, value]),
  )

type EventHeaders = Readonly<Record<string, string>>

const eventHeaders = (event: APIGatewayProxyEvent): EventHeaders =>
  Object.fromEntries(
    Object.entries(event.multiValueHeaders ?? {}).map(([name, values]) => [
      name.toLowerCase(),
      (values ?? []).join(', '),
    ]),
  )

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

const inflated = (bytes: Buffer, limit: number): Buffer => {
  try {
    return gunzipSync(bytes, { maxOutputLength: limit })
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit + 1, limit)
    throw failure('malformed', 'The body is not complete gzip data.')
  }
}

const checkEncoding = (encoding: string | undefined): void => {
  if (encoding !== undefined && encoding !== 'identity' && encoding !== 'gzip')
    throw failure('media-type', `Content-Encoding \`${encoding}\` is not supported. Use gzip.`)
}

/**
 * Returns whether the body was compressed for transport. A body posted to `/Binary` may itself be gzip, so there only the
 * header counts.
 */
const isPacked = (bytes: Buffer, event: APIGatewayProxyEvent, headers: EventHeaders): boolean =>
  isGzip(bytes) && (headers['content-encoding'] === 'gzip' || !/^Binary\b/.test(eventPath(event)))

/**
 * Returns the body as text, and also as bytes when the event has base64; compressed bodies are inflated. Fails beyond the
 * limit.
 */
const eventBody = (
  event: APIGatewayProxyEvent,
  headers: EventHeaders,
  limit: number,
): Pick<FhirRequest, 'body' | 'bytes'> => {
  const { body, isBase64Encoded } = event
  checkEncoding(headers['content-encoding'])
  if (body === null || body === '') return { body: '' }
  const bytes = isBase64Encoded ? Buffer.from(body, 'base64') : undefined
  const size = bytes?.length ?? (body.length > limit / 3 ? Buffer.byteLength(body) : 0)
  if (size > limit) throw tooLarge(size, limit)
  if (bytes === undefined) return { body }
  const whole = isPacked(bytes, event, headers) ? inflated(bytes, limit) : bytes
  return { body: whole.toString('utf8'), bytes: whole }
}

/** Returns the FHIR request in an event; fails when its body exceeds the limit or cannot be decoded. */
export const fhirRequestOf = (event: APIGatewayProxyEvent, limit: number): FhirRequest => {
  const headers = eventHeaders(event)
  return {
    method: event.httpMethod,
    path: eventPath(event),
    query: queryOfEvent(event),
    headers,
    ...eventBody(event, headers, limit),
  }
}

/** Returns the path in front of the FHIR path: the stage, or a custom domain's prefix. */
const basePrefix = (event: APIGatewayProxyEvent): string => {
  const { path, stage } = event.requestContext
  const tail = `/${eventPath(event)}`
  const whole = decodedPath(path ?? '').replace(/\/+$/, '')
  if (tail === '/') return whole === '' ? `/${stage}` : whole
  return whole.endsWith(tail) ? whole.slice(0, -tail.length) : `/${stage}`
}

/** Returns the service's base URL in the caller's form, without a trailing slash. */
export const baseOf = (event: APIGatewayProxyEvent): string => {
  const headers = eventHeaders(event)
  const domain = event.requestContext.domainName ?? headers.host ?? 'localhost'
  const host = headers.host?.split(':')[0] === domain ? headers.host : domain
  return `${headers['x-forwarded-proto']?.split(',')[0] ?? 'https'}://${host}${basePrefix(event)}`
}

const worthwhile = 1024

const wantsGzip = (accepts: string | undefined): boolean =>
  /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$|\s))/.test(accepts ?? '')

/**
 * Returns whether the gateway decodes base64: only when the first type of `Accept` is among the API's binary media types.
 */
const decodes = (binaryTypes: readonly string[], accept: string | undefined): boolean =>
  binaryTypes.includes('*/*') || binaryTypes.includes((accept ?? '').split(/[,;]/)[0]?.trim() ?? '')

const plainResult = ({ status, headers, body }: FhirResponse): APIGatewayProxyResult => {
  const size = Buffer.byteLength(body)
  // What leaves is JSON that holds the body as a string, so quotes and line ends count twice.
  if (size > lambdaLimit / 2 && Buffer.byteLength(JSON.stringify(body)) > usable)
    throw responseTooLarge(size, lambdaLimit)
  return { statusCode: status, headers, body, isBase64Encoded: false }
}

const inBase64 = (status: number, headers: EventHeaders, bytes: Buffer): APIGatewayProxyResult => {
  const body = bytes.toString('base64')
  if (body.length > usable) throw responseTooLarge(bytes.length, lambdaLimit)
  return { statusCode: status, headers, body, isBase64Encoded: true }
}

const zipHeaders = { 'Content-Encoding': 'gzip', Vary: 'Accept, Accept-Encoding' } as const

const isWorthwhile = ({ body }: FhirResponse, headers: FhirRequest['headers']): boolean =>
  body.length > worthwhile && wantsGzip(headers['accept-encoding'])

const zip = (body: string): Buffer => gzipSync(body, { level: 4 })

/**
 * Returns the result for the gateway, compressed when that saves bytes, the caller accepts it and the gateway can decode
 * it. Fails when the result exceeds Lambda's limit.
 */
export const gatewayResult = (
  response: FhirResponse,
  headers: FhirRequest['headers'],
  binaryTypes: readonly string[],
): APIGatewayProxyResult => {
  const { status, bytes, body } = response
  if (bytes) return inBase64(status, response.headers, Buffer.from(bytes))
  return isWorthwhile(response, headers) && decodes(binaryTypes, headers.accept)
    ? inBase64(status, { ...response.headers, ...zipHeaders }, zip(body))
    : plainResult(response)
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html */
const streamLimit = 200 * 1024 * 1024

/** The answer of a streaming function: the body is sent as it is, without base64. */
export interface Sent {
  statusCode: number
  headers: Record<string, string>
  body: string | Uint8Array
}

/**
 * Returns the streamed answer, compressed here when that saves bytes, since the gateway does not compress streams. Fails
 * beyond the limit of a stream.
 */
export const sentOf = (response: FhirResponse, headers: FhirRequest['headers']): Sent => {
  const { status: statusCode, bytes, body } = response
  if (bytes) return { statusCode, headers: response.headers, body: bytes }
  const zipped = isWorthwhile(response, headers)
  const sent = zipped ? zip(body) : body
  if (sent.length > streamLimit / 4 && Buffer.byteLength(sent) > streamLimit)
    throw responseTooLarge(Buffer.byteLength(sent), streamLimit)
  return { statusCode, headers: { ...response.headers, ...(zipped && zipHeaders) }, body: sent }
}
