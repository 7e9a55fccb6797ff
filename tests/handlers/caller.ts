import { readFileSync } from 'node:fs'
import type { APIGatewayProxyEvent, Context } from 'aws-lambda'
import { door } from '../../src/handlers/door/door.ts'
import { type Engines, startEngines } from '../store/engines.ts'

/** What a test asks of the server. */
export interface Asking {
  headers?: Record<string, string>
  body?: unknown
  groups?: string
  open?: boolean
}

export interface Told {
  status: number
  headers: Record<string, string>
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  json: any
}

/** Returns one of the sample events. */
export const sampleEvent = (name: string): APIGatewayProxyEvent =>
  JSON.parse(readFileSync(new URL(`../../events/${name}.json`, import.meta.url), 'utf8'))

const lambdaContext = { awsRequestId: 'test', getRemainingTimeInMillis: () => 29_000 } as unknown as Context

const groupsOf = (url: URL): Record<string, string[]> =>
  Object.fromEntries(
    [...new Set(url.searchParams.keys())].map((name) => [name, url.searchParams.getAll(name)]),
  )

const bodyText = (body: unknown): string | null => {
  if (body === undefined) return null
  return typeof body === 'string' ? body : JSON.stringify(body)
}

/** Returns the event that API Gateway would make of a request to `/{proxy+}`. */
export const eventOf = (method: string, target: string, asking: Asking = {}): APIGatewayProxyEvent => {
  const sample = sampleEvent('read')
  const url = new URL(target, 'https://api.example.org/')
  const body = bodyText(asking.body)
  const headers = { ...(body === null ? {} : { 'Content-Type': 'application/fhir+json' }), ...asking.headers }
  const claims = { sub: 'tester', 'cognito:username': 'tester', 'cognito:groups': asking.groups ?? 'admin' }
  const query = groupsOf(url)
  return {
    ...sample,
    httpMethod: method,
    resource: url.pathname === '/' ? '/' : '/{proxy+}',
    path: url.pathname,
    pathParameters: url.pathname === '/' ? null : { proxy: url.pathname.slice(1) },
    multiValueHeaders: {
      ...sample.multiValueHeaders,
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    },
    multiValueQueryStringParameters: Object.keys(query).length > 0 ? query : null,
    requestContext: {
      ...sample.requestContext,
      path: `/fhir${url.pathname === '/' ? '' : url.pathname}`,
      authorizer: asking.open ? null : { claims },
    },
    body,
  }
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Asks a door and returns what it tells. */
export const askDoor = async (
  handler: ReturnType<typeof door>,
  event: APIGatewayProxyEvent,
): Promise<Told> => {
  const { statusCode, headers, body } = await handler(event, lambdaContext)
  return {
    status: statusCode,
    headers: (headers ?? {}) as Record<string, string>,
    text: body,
    json: jsonOf(body),
  }
}

export interface Server {
  ask: (method: string, target: string, asking?: Asking) => Promise<Told>
  send: (event: APIGatewayProxyEvent) => Promise<Told>
  engines: Engines
  stop: () => Promise<void>
}

/** Starts the engines and a door in front of them. */
export const startServer = async (env: Record<string, string> = {}): Promise<Server> => {
  const engines = await startEngines()
  const handler = door(engines, { LOG_LEVEL: 'OFF', ...env })
  return {
    ask: (method, target, asking) => askDoor(handler, eventOf(method, target, asking)),
    send: (event) => askDoor(handler, event),
    engines,
    stop: engines.stop,
  }
}
