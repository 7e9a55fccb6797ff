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
}

/** Signs in, as the user given or as the one that the command is usually run as. */
export const openSession = async (options: ServerOptions, usualUser: string): Promise<Session> => {
  const login = await discover(options.base)
  const client = new Client({ baseUrl: options.base })
  const authorise = async (): Promise<void> => {
    const token = await signIn(options, login, options.user ?? usualUser)
    if (token !== undefined) client.bearerToken = token
  }
  await authorise()
  return {
    server: login.issuer ?? options.base,
    ask: async (request) => {
      try {
        return await request(client)
      } catch (error) {
        if (statusOf(error) !== 401) throw error
        await authorise()
        return request(client)
      }
    },
  }
}
