/** https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html — limits of API Gateway and of Lambda. */
import type { RefusalType } from './refusals.ts'

export const maxRequestBytes = 10 * 1024 * 1024

/** Characters of a regional API's URL. */
const maxUrlLength = 10_240

/** AWS counts the values of all headers; the names are counted here too. */
const maxHeaderBytes = 10_240

/** Milliseconds that an integration may take unless the document states its own timeout. */
export const integrationTimeout = 29_000

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const maxEventBytes = 6 * 1024 * 1024
const maxResultBytes = 6_291_556

export interface RefusedRequest {
  refused: RefusalType
  message: string
}

/**
 * Characters that API Gateway refuses in a query unless they are percent-encoded: AWS names the pipe and the braces
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html), and RFC 3986 excludes
 * them all.
 */
const notInQueries = /[|{}^"<>\\`\u0080-\uffff]/

const unencoded = ([character = '']: readonly string[]): RefusedRequest => ({
  refused: 'BAD_REQUEST',
  message: `\`${character}\` in the query must be percent-encoded, as ${encodeURIComponent(character)}.`,
})

/** Returns why a request is refused before a route is looked for. */
export const wireFault = (url: string, rawHeaders: readonly string[]): RefusedRequest | undefined => {
  if (url.length > maxUrlLength)
    return { refused: 'URI_TOO_LONG', message: `A URL may have ${maxUrlLength} characters.` }
  const bytes = rawHeaders.reduce((sum, text) => sum + Buffer.byteLength(text, 'latin1'), 0)
  if (bytes > maxHeaderBytes)
    return { refused: 'HEADERS_TOO_LARGE', message: `All headers together may have ${maxHeaderBytes} bytes.` }
  const start = url.indexOf('?')
  const found = start < 0 ? null : notInQueries.exec(url.slice(start))
  return found ? unencoded(found) : undefined
}

/**
 * Returns whether a payload is too large as JSON, in which Lambda counts it: quotes in the body are escaped. Only a
 * payload whose body is near the limit is serialised and counted.
 */
const exceeds = (payload: unknown, most: number): boolean => {
  const { body } = (payload ?? {}) as { body?: string | null }
  return (body?.length ?? 0) > most / 7 && Buffer.byteLength(JSON.stringify(payload)) > most
}

export const exceedsEvent = (event: unknown): boolean => exceeds(event, maxEventBytes)

export const exceedsResult = (result: unknown): boolean => exceeds(result, maxResultBytes)
