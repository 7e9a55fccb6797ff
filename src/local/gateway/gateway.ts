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
  type Refused,
  wireFault,
} from './limits.ts'
import type { Page } from './page.ts'
import { type RefusalType, refusal } from './refusals.ts'
import { openRelay, type Relay } from './relay.ts'
import { matchRoute } from './routing.ts'
import type { Authorizer } from './token.ts'
import { askUserPool, isOfUserPool } from './user-pool.ts'

/** What stands behind the gateway once the engines run. */
export interface Backend {
  authorize: Authorizer
  invoke(functionId: string, event: unknown, receive?: (chunk: Uint8Array) => void): Promise<Outcome>
  /** Where sign-in and the pool's keys are served from. */
  cognito: string
  /** The key that the user pool's administration is signed with. */
  keyring: Keyring
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
 * sign-in from the user pool's service, so that one address has it all; other addresses are refused. Fails with EADDRINUSE when the port is taken.
 */
export const startGateway = async (template: Template, port: number): Promise<Gateway> => {
  const backend = Promise.withResolvers<Backend>()
  const server = createServer({ keepAliveTimeout: 65_000, maxHeaderSize: 64 * 1024 })
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
  if (target === undefined) {
    if (!(await besideStage(await waiting, request, response)))
      refuse('MISSING_AUTHENTICATION_TOKEN', 'Missing Authentication Token')
    return
  }
  const fault = wireFault(target, request.rawHeaders)
  if (fault) return refuse(fault.refused, fault.message)
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
  if (answered)
    send(response, compress(answered, request.headers['accept-encoding'], template.compressesFrom))
  else refuse('DEFAULT_5XX', 'Internal server error')
}

const foreign =
  'The local stack answers this machine only, by an address or as localhost, and pages of localhost only.'

/** Answers what is not the API's by the page or the user pool's service; returns whether it is theirs. */
const besideStage = async (
  backend: Backend,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> => {
  const file = request.method === 'GET' ? backend.page(request.url ?? '/') : undefined
  if (file) send(response, file)
  else if (isOfUserPool(request)) await askUserPool(backend.cognito, backend.keyring, request, response)
  else return false
  return true
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
  if (exceedsEvent(event)) return { refused: 'REQUEST_TOO_LARGE', message: 'Request Too Long' }
  const { function: id, streams, timeoutMilliseconds = integrationTimeout } = match.route
  if (!streams) return settled(await inTime(run(id, event), timeoutMilliseconds))
  let isOver = false
  const receive = (chunk: Uint8Array): void => {
    if (!isOver) relay.receive(chunk)
  }
  const outcome = await inTime(run(id, event, receive), timeoutMilliseconds)
  isOver = true
  return relay.end(outcome) ? 'streamed' : settled(outcome.kind === 'result' ? noStream : outcome)
}

/** The gateway waits no longer than its integration may take, whatever the function still does; time in line counts. */
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

/** What a function returns that was to stream and did not cannot be passed on. */
const noStream: Outcome = { kind: 'error', reason: 'The function did not stream.' }

const settled = (outcome: Outcome): Invoked => {
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

const send = (response: ServerResponse, { status, headers, body }: WireResponse): void => {
  const names = new Map<string, string[]>()
  for (const [name, value] of headers) names.set(name, [...(names.get(name) ?? []), value])
  for (const [name, values] of names)
    response.setHeader(name, values.length === 1 ? (values[0] as string) : values)
  response.statusCode = status
  response.end(body)
}
