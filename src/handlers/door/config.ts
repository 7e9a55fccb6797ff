/** The settings of a function from its environment variables in template.yaml: tables, bucket and sign-in. */

import { isResourceType } from '../../fhir/types.ts'
import type { Login } from '../../request/context.ts'
import { defaultRules, type Rules } from '../../request/settings.ts'
import type { Signer } from '../../store/jobs/presign.ts'

export type FunctionEnvironment = Readonly<Record<string, string | undefined>>

/** Returns the addresses of sign-in; undefined when the environment names no issuer. */
export const loginOf = (env: FunctionEnvironment): Login | undefined => {
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
export const bodyLimitOf = (env: FunctionEnvironment): number => Number(env.MAX_BODY_BYTES ?? 6 * 1024 * 1024)

/** Returns the API's binary media types, for which the gateway decodes base64. */
export const binaryTypesOf = (env: FunctionEnvironment): string[] =>
  (env.BINARY_MEDIA_TYPES ?? '').split(/[\s,]+/).filter((type) => type !== '')

const required = (env: FunctionEnvironment, name: string): string => {
  const value = env[name]
  if (!value) throw new Error(`The environment variable ${name} is not set.`)
  return value
}

/** Returns the names of the tables and the bucket. */
export const tablesOf = (env: FunctionEnvironment) => ({
  tables: {
    resources: required(env, 'RESOURCES_TABLE'),
    search: required(env, 'SEARCH_TABLE'),
    system: required(env, 'SYSTEM_TABLE'),
  },
  bucket: required(env, 'ARCHIVE_BUCKET'),
})

const oneOf = <T extends string>(
  env: FunctionEnvironment,
  name: string,
  values: readonly T[],
  usual: T,
): T => {
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

/** Returns the deployment's demands on writes; fails on a misspelt value. */
export const writeRulesOf = (env: FunctionEnvironment): Rules => ({
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

/** Returns the key that signs addresses of objects. */
export const signerOf = (env: FunctionEnvironment): Signer => ({
  region: env.AWS_REGION ?? '',
  accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
  secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
  sessionToken: env.AWS_SESSION_TOKEN,
  endpoint: env.AWS_ENDPOINT_URL_S3,
})
