import { Client, type FhirResource, type RequestOptions } from 'fhir-kit-client'
import { parseExact } from '../exact.ts'

type Send = Client['httpClient']['request']

/** A request that the server answered with a failure: its status, and its OperationOutcome where it gave one. */
export class RequestFailure extends Error {
  readonly response: { status: number; data: unknown }
  constructor(status: number, data: unknown) {
    super(`The server answered ${status}.`)
    this.response = { status, data }
  }
}

/** A request without its address. */
export interface Request {
  method?: string
  headers?: Readonly<Record<string, string>>
  body?: string
}

/** An answer that is no failure. */
export interface Answer {
  status: number
  headers: Headers
  text: string
}

/** Returns the text of an answer; fails with a RequestFailure where the server refused. */
export const textOf = async (url: string, request: Request, token: string | undefined): Promise<string> =>
  (await answerOf(url, request, token)).text

/** Returns an answer; fails with a RequestFailure where the server refused. */
export const answerOf = async (
  url: string,
  { method = 'GET', headers = {}, body }: Request,
  token: string | undefined,
): Promise<Answer> => {
  const all = new Headers({ accept: 'application/fhir+json', ...headers })
  if (token) all.set('authorization', `Bearer ${token}`)
  const response = await fetch(url, { method, headers: all, ...(body !== undefined && { body }) })
  const text = await response.text()
  if (response.ok) return { status: response.status, headers: response.headers, text }
  throw new RequestFailure(response.status, read(text))
}

const read = (text: string): unknown => {
  try {
    return parseExact(text)
  } catch {
    return undefined
  }
}

const bodyText = (body: unknown): string | undefined =>
  body === undefined || typeof body === 'string' ? body : JSON.stringify(body)

/** Returns a FHIR client whose answers keep the digits of decimals; the token is asked for at each request. */
export const connect = (baseUrl: string, token: () => string | undefined): Client => {
  const client = new Client({ baseUrl })
  const send = async (
    method: string,
    url: string,
    options: RequestOptions = {},
    body?: unknown,
  ): Promise<FhirResource> => {
    const sent = bodyText(body)
    const request = {
      method,
      headers: Object.fromEntries(new Headers(options.headers as Record<string, string> | undefined)),
      ...(sent !== undefined && { body: sent }),
    }
    return parseExact(await textOf(client.httpClient.expandUrl(url), request, token())) as FhirResource
  }
  client.httpClient.request = send as unknown as Send
  return client
}
