import { Client } from 'fhir-kit-client'
import type { ServerOptions } from './options.ts'
import { statusOf } from './reasons.ts'
import { discover, signIn } from './sign-in.ts'

/** A signed-in connection to a server. */
export interface Session {
  /** What tells this server's data from any other's, also of one at the same address. */
  server: string
  /** Runs a request; when the token has run out, signs in again and runs it once more. */
  ask<Result>(request: (client: Client) => Promise<Result>): Promise<Result>
  /** Returns the text at a path below the base as it is served; fails as a request of the client does. */
  text(path: string): Promise<string>
}

/** Signs in, as the user given or as the one that the command is usually run as. */
export const openSession = async (options: ServerOptions, usualUser: string): Promise<Session> => {
  const login = await discover(options.base)
  const client = new Client({ baseUrl: options.base })
  let token: string | undefined
  const authorise = async (): Promise<void> => {
    token = await signIn(options, login, options.user ?? usualUser)
    if (token !== undefined) client.bearerToken = token
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
    text: (path) => ask(() => textOf(`${options.base}/${path}`, token)),
  }
}

/** The client parses what it reads, and a parsed `1.00` is `1`: so this asks for itself. */
const textOf = async (url: string, token: string | undefined): Promise<string> => {
  const headers = { accept: 'application/fhir+json', ...(token && { authorization: `Bearer ${token}` }) }
  const response = await fetch(url, { headers })
  const text = await response.text()
  if (response.ok) return text
  throw Object.assign(new Error(text), { response: { status: response.status, data: JSON.parse(text) } })
}
