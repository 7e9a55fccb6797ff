import { Client, type FhirResource, type RequestOptions } from 'fhir-kit-client'
import { parseExact } from '../../../exact.ts'
import type { RequestLog } from '../log/log.ts'
import { RequestFailure } from './failure.ts'

/** Who the page speaks as: the token it holds now, and a way to get a new one. */
export interface Credentials {
  token(): string | undefined
  /** Gets a new token without asking the user; false when only signing in again helps. */
  renew(): Promise<boolean>
  /** The sign-in has ended. */
  expired(): void
}

type Send = Client['httpClient']['request']

interface Outgoing {
  method: string
  url: string
  options: RequestOptions
  body: unknown
}

const bodyText = (body: unknown): string | undefined =>
  body === undefined || typeof body === 'string' ? body : JSON.stringify(body)

const headers = (options: RequestOptions, token: string | undefined): Headers => {
  const all = new Headers({ accept: 'application/fhir+json', ...options.headers })
  if (token) all.set('authorization', `Bearer ${token}`)
  return all
}

const once = ({ method, url, options, body }: Outgoing, token: string | undefined): Promise<Response> =>
  fetch(url, {
    method,
    headers: headers(options, token),
    cache: 'no-store',
    ...(body === undefined ? {} : { body: bodyText(body) as string }),
    ...(options.signal ? { signal: options.signal as AbortSignal } : {}),
  })

const authorized = async (outgoing: Outgoing, credentials: Credentials): Promise<Response> => {
  const response = await once(outgoing, credentials.token())
  if (response.status !== 401 || !credentials.token()) return response
  if (await credentials.renew()) return once(outgoing, credentials.token())
  credentials.expired()
  return response
}

const read = (text: string): unknown => {
  try {
    return text === '' ? {} : parseExact(text)
  } catch {
    return undefined
  }
}

const answer = async (response: Response): Promise<{ body: unknown; bytes: number }> => {
  const text = await response.text()
  return { body: read(text), bytes: text.length }
}

const requestId = (response: Response): string | undefined =>
  response.headers.get('x-request-id') ?? response.headers.get('x-amzn-requestid') ?? undefined

const logged = async (
  outgoing: Outgoing,
  credentials: Credentials,
  log: RequestLog,
): Promise<FhirResource> => {
  const call = log.begin(outgoing.method, outgoing.url)
  const began = performance.now()
  const since = () => Math.round(performance.now() - began)
  const response = await authorized(outgoing, credentials).catch((error: unknown) => {
    const aborted = outgoing.options.signal?.aborted === true
    log.end(call, { status: 0, ms: since(), aborted })
    throw aborted ? error : new RequestFailure(0, undefined)
  })
  const { body, bytes } = await answer(response).catch((error: unknown) => {
    log.end(call, { status: response.status, ms: since(), aborted: true })
    throw error
  })
  const id = requestId(response)
  log.end(call, { status: response.status, ms: since(), bytes, ...(id ? { requestId: id } : {}) })
  if (!response.ok || body === undefined) throw new RequestFailure(response.status, body, id)
  return body as FhirResource
}

/**
 * Returns a FHIR client whose answers keep the digits of decimals, whose calls are logged, and whose tokens are
 * asked for at each call; fails with `RequestFailure`, or as aborted.
 */
export const connect = (baseUrl: string, credentials: Credentials, log: RequestLog): Client => {
  const client = new Client({ baseUrl })
  const send: Send = (method, url, options = {}, body) =>
    logged(
      { method, url: client.httpClient.expandUrl(url), options, body },
      credentials,
      log,
    ) as ReturnType<Send>
  client.httpClient.request = send
  return client
}
