import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { isForeign } from './callers.ts'
import type { Outcome } from './environments.ts'
import { proxyEvent, type WireRequest, type WireResponse, wireResponse } from './event.ts'
import type { Page } from './page.ts'
import { type RefusalType, refusal } from './refusals.ts'
import { openRelay, type Relay } from './relay.ts'
import { matchRoute } from './routing.ts'
import type { Template } from './template.ts'
import type { Authorizer } from './token.ts'

// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
const maxRequestBytes = 10 * 1024 * 1024
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const maxPayloadBytes = 6_291_556

/** What stands behind the gateway once the engines run. */
export interface Backend {
  authorize: Authorizer
  invoke(functionId: string, event: unknown, receive?: (chunk: Uint8Array) => void): Promise<Outcome>
  /** Where sign-in and the pool's keys are served from. */
  cognito: string
  page: Page
}

export interface Gateway {
  port: number
  /** Sets what answers requests; until then they wait. */
  open(backend: Backend): void
  stop(): Promise<void>
}

/**
 * Listens on loopback and answers as API Gateway would: below the stage by the template's routes, the page at `/`, and
 * everything else from the user pool's service, so that one address has it all. Fails with EADDRINUSE when the port is taken.
 */
export const startGateway = async (template: Template, port: number): Promise<Gateway> => {
  const backend = Promise.withResolvers<Backend>()
  const server = createServer({ keepAliveTimeout: 65_000 })
  const gateway: Gateway = {
    port: await listen(server, port),
    open: backend.resolve,
    stop: () => close(server),
  }
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answer(template, gateway.port, backend.promise, request, response).catch((error: Error) => {
      if (!response.headersSent)
        send(response, refusal(template.gatewayResponses, 'DEFAULT_5XX', error.message))
      else response.destroy()
    })
  })
  return gateway
}

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 1000).unref()
  })

const answer = async (
  template: Template,
  port: number,
  waiting: Promise<Backend>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const refuse = (type: RefusalType, message: string): void =>
    send(response, refusal(template.gatewayResponses, type, message))
  if (isForeign(request.headers)) return refuse('DEFAULT_4XX', foreign)
  const target = belowStage(template.stage, request.url ?? '/')
  if (target === undefined) return besideStage(await waiting, request, response)
  const body = await readBody(request)
  if (body === undefined) return refuse('REQUEST_TOO_LARGE', 'Request Too Long')
  const sourceIp = request.socket.remoteAddress ?? ''
  const inflated = template.inflates
    ? inflate(request.rawHeaders, body)
    : { rawHeaders: request.rawHeaders, body }
  if ('refused' in inflated) return refuse(inflated.refused, inflated.message)
  const wire = { method: request.method ?? 'GET', target, ...inflated, sourceIp, port }
  const relay = openRelay(response)
  const result = await invoke(template, await waiting, wire, request.headers.authorization, relay)
  if (result === 'streamed') return
  if ('refused' in result) return refuse(result.refused, result.message)
  const answered = wireResponse(result.value, template.binaryTypes, request.headers.accept)
  if (answered) send(response, answered)
  else refuse('DEFAULT_5XX', 'Internal server error')
}

const foreign =
  'The local stack answers this machine only, by an address or as localhost, and pages of localhost only.'

/** Answers what is not the API's: the page, and else the user pool's service. */
const besideStage = (backend: Backend, request: IncomingMessage, response: ServerResponse): void => {
  const file = request.method === 'GET' ? backend.page(request.url ?? '/') : undefined
  if (file) send(response, file)
  else forward(backend.cognito, request, response)
}

interface Refused {
  refused: RefusalType
  message: string
}

type Invoked = { value: unknown } | Refused | 'streamed'

const invoke = async (
  template: Template,
  { authorize, invoke: run }: Backend,
  request: WireRequest,
  authorization: string | undefined,
  relay: Relay,
): Promise<Invoked> => {
  const path = new URL(`http://gateway${request.target}`).pathname
  const match = matchRoute(template.routes, request.method, path)
  if (!match) return { refused: 'MISSING_AUTHENTICATION_TOKEN', message: 'Missing Authentication Token' }
  const verdict = match.route.authorizer === 'none' ? { claims: undefined } : await authorize(authorization)
  if ('refused' in verdict) return { refused: 'UNAUTHORIZED', message: verdict.refused }
  const { stage, binaryTypes } = template
  const event = proxyEvent(request, { stage, binaryTypes, match, claims: verdict.claims })
  if (exceedsPayload(event.body)) return { refused: 'REQUEST_TOO_LARGE', message: 'Request Too Long' }
  if (!match.route.streams) return settled(await run(match.route.function, event))
  const outcome = await run(match.route.function, event, relay.receive)
  return relay.end(outcome) ? 'streamed' : settled(outcome.kind === 'result' ? noStream : outcome)
}

/** What a function returns that was to stream and did not cannot be passed on. */
const noStream: Outcome = { kind: 'error', reason: 'The function did not stream.' }

const settled = (outcome: Outcome): Invoked => {
  if (outcome.kind === 'timeout')
    return { refused: 'INTEGRATION_TIMEOUT', message: 'Endpoint request timed out' }
  if (outcome.kind !== 'result' || exceedsPayload(bodyOf(outcome.result)))
    return { refused: 'DEFAULT_5XX', message: 'Internal server error' }
  return { value: outcome.result }
}

const bodyOf = (result: unknown): string | null => {
  const { body } = (result ?? {}) as { body?: string | null }
  return body ?? null
}

/** Lambda counts the payload's JSON, in which a body's quotes are escaped; only a body near the limit is counted. */
const exceedsPayload = (body: string | null): boolean =>
  body !== null &&
  body.length > maxPayloadBytes / 6 &&
  Buffer.byteLength(JSON.stringify(body)) > maxPayloadBytes

const belowStage = (stage: string, url: string): string | undefined => {
  const prefix = `/${stage}`
  if (!url.startsWith(prefix)) return undefined
  const rest = url.slice(prefix.length)
  if (rest === '' || rest.startsWith('?')) return `/${rest}`
  return rest.startsWith('/') ? rest : undefined
}

/** Returns the body, or undefined when it is larger than API Gateway takes; the rest of it is read and dropped. */
const readBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes <= maxRequestBytes) chunks.push(chunk)
    else chunks.length = 0
  }
  return bytes > maxRequestBytes ? undefined : Buffer.concat(chunks)
}

/**
 * Returns the body that API Gateway hands on when compression is enabled: inflated, and no longer said to be compressed;
 * a refusal when it is too large then, or not what its header says. Responses stay as they are: on loopback nobody gains from compressing them.
 */
const inflate = (
  rawHeaders: readonly string[],
  body: Buffer,
): Pick<WireRequest, 'rawHeaders' | 'body'> | Refused => {
  const place = rawHeaders.findIndex(
    (name, index) => index % 2 === 0 && name.toLowerCase() === 'content-encoding',
  )
  if (place < 0 || rawHeaders[place + 1]?.toLowerCase() !== 'gzip') return { rawHeaders, body }
  try {
    const inflated = gunzipSync(body, { maxOutputLength: maxRequestBytes })
    return { rawHeaders: rawHeaders.toSpliced(place, 2), body: inflated }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      ? { refused: 'REQUEST_TOO_LARGE', message: 'Request Too Long' }
      : { refused: 'DEFAULT_4XX', message: 'The body is not gzip, though its Content-Encoding says so.' }
  }
}

const send = (response: ServerResponse, { status, headers, body }: WireResponse): void => {
  const names = new Map<string, string[]>()
  for (const [name, value] of headers) names.set(name, [...(names.get(name) ?? []), value])
  for (const [name, values] of names)
    response.setHeader(name, values.length === 1 ? (values[0] as string) : values)
  response.statusCode = status
  response.end(body)
}

const forward = (origin: string, request: IncomingMessage, response: ServerResponse): void => {
  const { method, headers } = request
  const path = request.url?.startsWith('/') ? request.url : '/'
  const upstream = httpRequest(`${origin}${path}`, { method, headers }, (answered) => {
    response.writeHead(answered.statusCode ?? 502, answered.headers)
    answered.pipe(response)
  })
  upstream.once('error', () => response.destroy())
  request.pipe(upstream)
}
