// https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
import { randomBytes, randomUUID } from 'node:crypto'
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda'
import { localAccount } from '../template/template.ts'
import type { RouteMatch } from './routing.ts'

/** A request as received. */
export interface WireRequest {
  method: string
  /** Path and query below the stage, as they came: `/Patient?name=a%20b`. */
  target: string
  rawHeaders: readonly string[]
  body: Buffer
  sourceIp: string
  /** The gateway's own port. */
  port: number
}

/** A response as sent. */
export interface WireResponse {
  status: number
  headers: readonly (readonly [name: string, value: string])[]
  body: Buffer | string
}

export type Claims = Readonly<Record<string, string>>

export interface GatewayInvocation {
  stage: string
  binaryTypes: readonly string[]
  match: RouteMatch
  claims: Claims | undefined
}

/** Returns the proxy event that API Gateway would invoke the function with. */
export const proxyEvent = (
  request: WireRequest,
  invocation: GatewayInvocation,
  now = new Date(),
): APIGatewayProxyEvent => {
  const url = new URL(`http://gateway${request.target}`)
  const headers = grouped([...headerPairs(request.rawHeaders), ...forwarded(request)])
  const query = grouped([...eventQuery(request.target)])
  const { route, pathParameters } = invocation.match
  const binary = isBinaryType(invocation.binaryTypes, header(headers, 'content-type'))
  return {
    resource: route.path,
    path: url.pathname,
    httpMethod: request.method,
    headers: lastValues(headers) ?? {},
    multiValueHeaders: headers,
    queryStringParameters: lastValues(query),
    multiValueQueryStringParameters: lastValues(query) && query,
    pathParameters: pathParameters && { ...pathParameters },
    stageVariables: null,
    requestContext: requestContext(request, invocation, url.pathname, header(headers, 'host') ?? '', now),
    body: request.body.length === 0 ? null : request.body.toString(binary ? 'base64' : 'utf8'),
    isBase64Encoded: binary && request.body.length > 0,
  }
}

/**
 * Returns the query's parameters; a semicolon separates them, as an ampersand does:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
 */
const eventQuery = (target: string): URLSearchParams => {
  const start = target.indexOf('?')
  return new URLSearchParams(start < 0 ? '' : target.slice(start + 1).replaceAll(';', '&'))
}

const requestContext = (
  request: WireRequest,
  { stage, match, claims }: GatewayInvocation,
  path: string,
  host: string,
  now: Date,
): APIGatewayProxyEvent['requestContext'] => ({
  accountId: localAccount,
  apiId: 'local',
  authorizer: claims ? { claims } : null,
  domainName: host,
  domainPrefix: 'local',
  extendedRequestId: randomBytes(11).toString('base64'),
  httpMethod: request.method,
  identity: { ...noIdentity, sourceIp: request.sourceIp, userAgent: userAgent(request) },
  path: `/${stage}${path === '/' ? '' : path}`,
  protocol: 'HTTP/1.1',
  requestId: randomUUID(),
  requestTime: commonLogTime(now),
  requestTimeEpoch: now.getTime(),
  resourceId: 'local',
  resourcePath: match.route.path,
  stage,
})

const noIdentity = {
  accessKey: null,
  accountId: null,
  apiKey: null,
  apiKeyId: null,
  caller: null,
  clientCert: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  user: null,
  userArn: null,
}

const userAgent = (request: WireRequest): string | null =>
  headerPairs(request.rawHeaders).find(([name]) => name.toLowerCase() === 'user-agent')?.[1] ?? null

const forwarded = (request: WireRequest): [string, string][] => [
  [
    'X-Amzn-Trace-Id',
    `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${randomBytes(12).toString('hex')};Sampled=0`,
  ],
  ['X-Forwarded-For', request.sourceIp],
  ['X-Forwarded-Port', String(request.port)],
  ['X-Forwarded-Proto', 'http'],
]

const headerPairs = (raw: readonly string[]): [string, string][] =>
  Array.from({ length: raw.length / 2 }, (_, index) => [raw[index * 2] ?? '', raw[index * 2 + 1] ?? ''])

const grouped = (entries: readonly (readonly [string, string])[]): Record<string, string[]> => {
  const groups = Map.groupBy(entries, ([name]) => name)
  return Object.fromEntries([...groups].map(([name, all]) => [name, all.map(([, value]) => value)]))
}

const lastValues = (groups: Readonly<Record<string, string[]>>): Record<string, string> | null => {
  const entries = Object.entries(groups).map(([name, values]) => [name, values.at(-1) ?? ''] as const)
  return entries.length === 0 ? null : Object.fromEntries(entries)
}

const header = (groups: Readonly<Record<string, string[]>>, name: string): string | undefined =>
  Object.entries(groups)
    .find(([key]) => key.toLowerCase() === name)?.[1]
    .at(-1)

const isBinaryType = (types: readonly string[], contentType: string | undefined): boolean =>
  contentType !== undefined && types.includes(firstMediaType(contentType))

const firstMediaType = (text: string): string => (text.split(/[;,]/)[0] ?? '').trim().toLowerCase()

const commonLogTime = (time: Date): string => {
  const [, day, month, year, clock] = time.toUTCString().split(/,? /)
  return `${day}/${month}/${year}:${clock} +0000`
}

/**
 * Turns a function's result into the response, as API Gateway does: base64 is decoded only when the first media type of
 * `Accept` is among the API's binary types. Returns undefined when the result has the wrong form.
 */
export const wireResponse = (
  result: unknown,
  binaryTypes: readonly string[],
  accept: string | undefined,
): WireResponse | undefined => {
  if (!isProxyResult(result)) return undefined
  const decode = result.isBase64Encoded === true && isBinaryType(binaryTypes, accept)
  return {
    status: Number(result.statusCode),
    headers: wireHeaders(result).flatMap(([name, values]) => values.map((value) => [name, value] as const)),
    body: decode ? Buffer.from(result.body ?? '', 'base64') : (result.body ?? ''),
  }
}

type ResultHeaders = Pick<APIGatewayProxyResult, 'headers' | 'multiValueHeaders'>

/** Returns the headers that a function's result names, each with its values. */
export const wireHeaders = ({ headers, multiValueHeaders }: ResultHeaders): [string, string[]][] => {
  const multi = Object.entries(multiValueHeaders ?? {})
  const covered = new Set(multi.map(([name]) => name.toLowerCase()))
  const single = Object.entries(headers ?? {}).filter(([name]) => !covered.has(name.toLowerCase()))
  return [...single.map(([name, value]) => [name, [value]] as const), ...multi].map(([name, values]) => [
    name,
    values.map(String),
  ])
}

const isProxyResult = (result: unknown): result is APIGatewayProxyResult =>
  typeof result === 'object' &&
  result !== null &&
  'statusCode' in result &&
  Number.isInteger(Number(result.statusCode)) &&
  (!('body' in result) ||
    result.body === undefined ||
    result.body === null ||
    typeof result.body === 'string')
