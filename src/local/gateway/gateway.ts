import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Outcome } from '../functions/environments.ts'
import type { Keyring } from '../signature/verify.ts'
import type { Template } from '../template/template.ts'
import { isForeign } from './callers.ts'
import { compress, inflate } from './encodings.ts'
import { proxyEvent, type WireRequest, type WireResponse, wireResponse } from './event.ts'
import {
  exceedsEvent,
  exceedsResult,
  integrationTimeout,
  maxRequestBytes,
  type RefusedRequest,
  wireFault,
} from './limits.ts'
import type { PageFiles } from './page.ts'
import { type RefusalType, refusal } from './refusals.ts'
import { openRelay, type Relay } from './relay.ts'
import { matchRoute } from './routing.ts'
import type { Authorizer } from './token.ts'
import { askUserPool, isOfUserPool } from './user-pool.ts'

/** The services behind the gateway once the engines run. */
export interface Backend {
  authorize: Authorizer
  invoke(functionId: string, event: unknown, receive?: (chunk: Uint8Array) => void): Promise<Outcome>
  /** The address of the user pool's service, for sign-in and the pool's keys. */
  cognito: string
  /** The key that the user pool's administration is signed with. */
  keyring: Keyring
  page: PageFiles
}

export interface Gateway {
  port: number
  /** Sets the backend; requests wait until then. */
  open(backend: Backend): void
  stop(): Promise<void>
}

/**
 * Listens on loopback and answers as API Gateway would: the template's routes below the stage, the page at `/`, and
 * sign-in from the user pool's service, all at a single address; any other path is refused. Fails with EADDRINUSE when
 * the port is taken.
 */
export const startGateway = async (template: Template, port: number): Promise<Gateway> => {
  const backend = Promise.withResolvers<Backend>()
  const server = createServer({ keepAliveTimeout: 65_000, maxHeaderSize: 64 * 1024 })
  const gateway: Gateway = {
    port: await listenOnLoopback(server, port),
    open: backend.resolve,
    stop: () => closeServer(server),
  }
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answerRequest(template, gateway.port, backend.promise, request, response).catch((error: Error) => {
      if (!response.headersSent)
        sendResponse(response, refusal(template.gatewayResponses, 'DEFAULT_5XX', error.message))
      else response.destroy()
    })
  })
  return gateway
}

const listenOnLoopback = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 1000).unref()
  })

const answerRequest = async (
  template: Template,
  port: number,
  waiting: Promise<Backend>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const refuse = (type: RefusalType, message: string): void =>
    sendResponse(response, refusal(template.gatewayResponses, type, message))
  if (isForeign(request.headers)) return refuse('DEFAULT_4XX', foreignMessage)
  const target = belowStage(template.stage, request.url ?? '/')
  if (target === undefined) {
    if (!(await besideStage(await waiting, request, response)))
      refuse('MISSING_AUTHENTICATION_TOKEN', 'Missing Authentication Token')
    return
  }
  const fault = wireFault(target, request.rawHeaders)
  if (fault) return refuse(fault.refused, fault.message)
  const body = await readGatewayBody(request)
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
  if (answered)
    sendResponse(response, compress(answered, request.headers['accept-encoding'], template.compressesFrom))
  else refuse('DEFAULT_5XX', 'Internal server error')
}

const foreignMessage =
  'The local stack answers this machine only, by an address or as localhost, and pages of localhost only.'

/**
 * Answers a request outside of the API from the page or the user pool's service; returns false when it belongs to
 * neither.
 */
const besideStage = async (
  backend: Backend,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> => {
  const file = request.method === 'GET' ? backend.page(request.url ?? '/') : undefined
  if (file) sendResponse(response, file)
  else if (isOfUserPool(request)) await askUserPool(backend.cognito, backend.keyring, request, response)
  else return false
  return true
}

type Invoked = { value: unknown } | RefusedRequest | 'streamed'

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
  if (exceedsEvent(event)) return { refused: 'REQUEST_TOO_LARGE', message: 'Request Too Long' }
  const { function: id, streams, timeoutMilliseconds = integrationTimeout } = match.route
  if (!streams) return invokedFrom(await inTime(run(id, event), timeoutMilliseconds))
  let isOver = false
  const receive = (chunk: Uint8Array): void => {
    if (!isOver) relay.receive(chunk)
  }
  const outcome = await inTime(run(id, event, receive), timeoutMilliseconds)
  isOver = true
  return relay.end(outcome) ? 'streamed' : invokedFrom(outcome.kind === 'result' ? noStream : outcome)
}

/** Returns the outcome, or a timeout after `milliseconds`, though the function may still run; time in the queue counts. */
const inTime = async (running: Promise<Outcome>, milliseconds: number): Promise<Outcome> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(resolve, milliseconds, { kind: 'timeout', reason: 'The integration took too long.' })
  })
  try {
    return await Promise.race([running, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The outcome of a function that returned a result instead of streaming: the gateway cannot pass the result on. */
const noStream: Outcome = { kind: 'error', reason: 'The function did not stream.' }

const invokedFrom = (outcome: Outcome): Invoked => {
  if (outcome.kind === 'timeout')
    return { refused: 'INTEGRATION_TIMEOUT', message: 'Endpoint request timed out' }
  if (outcome.kind !== 'result' || exceedsResult(outcome.result))
    return { refused: 'DEFAULT_5XX', message: 'Internal server error' }
  return { value: outcome.result }
}

const belowStage = (stage: string, url: string): string | undefined => {
  const prefix = `/${stage}`
  if (!url.startsWith(prefix)) return undefined
  const rest = url.slice(prefix.length)
  if (rest === '' || rest.startsWith('?')) return `/${rest}`
  return rest.startsWith('/') ? rest : undefined
}

/** Returns the body, or undefined when API Gateway would find it too large; the rest is then read and dropped. */
const readGatewayBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes <= maxRequestBytes) chunks.push(chunk)
    else chunks.length = 0
  }
  return bytes > maxRequestBytes ? undefined : Buffer.concat(chunks)
}

const sendResponse = (response: ServerResponse, { status, headers, body }: WireResponse): void => {
  const names = new Map<string, string[]>()
  for (const [name, value] of headers) names.set(name, [...(names.get(name) ?? []), value])
  for (const [name, values] of names)
    response.setHeader(name, values.length === 1 ? (values[0] as string) : values)
  response.statusCode = status
  response.end(body)
}
