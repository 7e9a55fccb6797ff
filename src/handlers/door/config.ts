/** Where this function's tables, bucket and sign-in are: all of it comes from template.yaml's environment variables. */

import { isResourceType } from '../../fhir/types.ts'
import type { Login } from '../../request/context.ts'
import { defaultRules, type Rules } from '../../request/settings.ts'
import type { Signer } from '../../store/jobs/presign.ts'

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

const oneOf = <T extends string>(env: Environment, name: string, values: readonly T[], usual: T): T => {
  const text = env[name] || usual
  const value = values.find((each) => each === text)
  if (value === undefined) throw new Error(`${name} takes ${values.join(', ')}, not \`${text}\`.`)
  return value
}

/** `Patient=http://…` */
const requiredProfile = (text: string): [string, string] => {
  const [type = '', url] = text.split(/=(.*)/s)
  if (isResourceType(type) && url) return [type, url]
  throw new Error(`REQUIRED_PROFILES takes a resource type, \`=\` and a profile's address, not \`${text}\`.`)
}

const requiredOf = (text = ''): Rules['required'] => {
  const pairs = text
    .split(/\s+/)
    .filter((part) => part !== '')
    .map(requiredProfile)
  const types = [...new Set(pairs.map(([type]) => type))]
  return Object.fromEntries(
    types.map((type) => [type, pairs.flatMap(([of, url]) => (of === type ? [url] : []))]),
  )
}

/** Returns what the deployment asks of what is written; fails where it is misspelt. */
export const rulesOf = (env: Environment): Rules => ({
  profiles: oneOf(env, 'PROFILE_VALIDATION', ['off', 'warn', 'reject'], defaultRules.profiles),
  required: requiredOf(env.REQUIRED_PROFILES),
  references: oneOf(env, 'REFERENCE_CHECKS', ['off', 'types', 'exist'], defaultRules.references),
  deletionOfReferred: oneOf(
    env,
    'DELETION_OF_REFERRED',
    ['allow', 'refuse'],
    defaultRules.deletionOfReferred,
  ),
})

/** Returns who signs addresses of objects. */
export const signerOf = (env: Environment): Signer => ({
  region: env.AWS_REGION ?? '',
  accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
  secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
  sessionToken: env.AWS_SESSION_TOKEN,
  endpoint: env.AWS_ENDPOINT_URL_S3,
})
