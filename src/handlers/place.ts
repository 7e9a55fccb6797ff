/** Where this function's tables, bucket and sign-in are: all of it comes from template.yaml's environment variables. */

import type { Login } from '../write/context.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Returns where people sign in; nothing where the environment names no issuer. */
export const loginOf = (env: Environment): Login | undefined => {
  const { TOKEN_ISSUER: issuer, AUTHORIZATION_ENDPOINT: authorize, TOKEN_ENDPOINT: token } = env
  if (!issuer) return undefined
  return {
    issuer,
    jwks: `${issuer}/.well-known/jwks.json`,
    ...(authorize && { authorize }),
    ...(token && { token }),
  }
}

/** Returns the most bytes a request's body may have. */
export const bodyLimitOf = (env: Environment): number => Number(env.MAX_BODY_BYTES ?? 6 * 1024 * 1024)

/** Returns the API's binary media types, for which the gateway passes on what is in base64. */
export const binaryTypesOf = (env: Environment): string[] =>
  (env.BINARY_MEDIA_TYPES ?? '').split(/[\s,]+/).filter((type) => type !== '')

const required = (env: Environment, name: string): string => {
  const value = env[name]
  if (!value) throw new Error(`The environment variable ${name} is not set.`)
  return value
}

/** Returns the names of the tables and the bucket. */
export const tablesOf = (env: Environment) => ({
  tables: {
    resources: required(env, 'RESOURCES_TABLE'),
    search: required(env, 'SEARCH_TABLE'),
    system: required(env, 'SYSTEM_TABLE'),
  },
  bucket: required(env, 'ARCHIVE_BUCKET'),
})
