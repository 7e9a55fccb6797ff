import type { Client } from 'fhir-kit-client'
import { type Answer, answerOf, connect, type Request, textOf } from './http.ts'
import type { ServerOptions } from './options.ts'
import { statusOf } from './reasons.ts'
import { discover, signIn } from './sign-in.ts'

/** A signed-in connection to a server. */
export interface Session {
  /** What tells this server's data from any other's, also of one at the same address. */
  server: string
  /** Runs a request; when the token has run out, signs in again and runs it once more. */
  ask<Result>(request: (client: Client) => Promise<Result>): Promise<Result>
  /** Returns the text at a path below the base as it is served; with a body, posts that. Fails with a RequestFailure. */
  text(path: string, body?: string): Promise<string>
  /** Sends a request to a path below the base. Fails with a RequestFailure. */
  send(path: string, request: Request): Promise<Answer>
}

/** Signs in, as the user given or as the one that the command is usually run as. */
export const openSession = async (options: ServerOptions, usualUser: string): Promise<Session> => {
  const login = await discover(options.base)
  let token: string | undefined
  const client = connect(options.base, () => token)
  const authorise = async (): Promise<void> => {
    token = await signIn(options, login, options.user ?? usualUser)
  }
  await authorise()
  const ask: Session['ask'] = async (request) => {
    try {
      return await request(client)
    } catch (error) {
      if (statusOf(error) !== 401) throw error
      await authorise()
      return request(client)
    }
  }
  return {
    server: login.issuer ?? options.base,
    ask,
    send: (path, request) => ask(() => answerOf([options.base, path].join('/'), request, token)),
    text: (path, body) => ask(() => textOf([options.base, path].join('/'), sending(body), token)),
  }
}

const sending = (body: string | undefined) =>
  body === undefined
    ? {}
    : { method: 'POST', body, headers: { 'content-type': 'application/fhir+json', prefer: 'return=minimal' } }
