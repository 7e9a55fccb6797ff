// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html
import { type ServerOptions, UsageError } from './options.ts'
import { reasonsOf } from './reasons.ts'

/** What a server says about signing in. */
export interface Login {
  /** The user pool's address, ending in its id; undefined when the server names none. */
  issuer: string | undefined
  /** What the local stack adds: its app client and its demo users. Null when it was started open. */
  local: LocalLogin | null | undefined
}

interface LocalLogin {
  clientId: string
  demoUsers?: { username: string; password: string }[]
}

/** Returns what the server says about signing in; fails when it cannot be reached. */
export const discover = async (base: string): Promise<Login> => {
  const [smart, config] = await Promise.all([
    json(`${base}/.well-known/smart-configuration`),
    json(`${new URL(base).origin}/config.json`).catch(() => undefined),
  ])
  const { issuer } = (smart ?? {}) as { issuer?: string }
  const { auth } = (config ?? {}) as { auth?: LocalLogin | null }
  return { issuer, local: auth }
}

/** Returns an ID token for the user; undefined when the server is open and wants none. Fails with one clear line. */
export const signIn = async (
  options: ServerOptions,
  login: Login,
  user: string,
): Promise<string | undefined> => {
  if (login.local === null) return undefined
  const clientId = options.clientId ?? login.local?.clientId
  const demoUser = login.local?.demoUsers?.find((candidate) => candidate.username === user)
  const password = options.password ?? demoUser?.password
  if (!login.issuer) throw new UsageError(`${options.base} names no user pool to sign in to.`)
  if (!clientId)
    throw new UsageError(
      "Give the app client with --client-id or PILOTLIGHT_CLIENT_ID: the stack's output UserPoolClientId.",
    )
  if (!password)
    throw new UsageError(`Give the password of \`${user}\` with --password or PILOTLIGHT_PASSWORD.`)
  return authenticate(new URL(login.issuer).origin, clientId, user, password)
}

const authenticate = async (
  pool: string,
  clientId: string,
  user: string,
  password: string,
): Promise<string> => {
  const response = await fetch(pool, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth',
    },
    body: JSON.stringify({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: clientId,
      AuthParameters: { USERNAME: user, PASSWORD: password },
    }),
  })
  const answer = (await response.json()) as {
    AuthenticationResult?: { IdToken: string }
    ChallengeName?: string
    message?: string
  }
  if (answer.AuthenticationResult) return answer.AuthenticationResult.IdToken
  const why = answer.ChallengeName
    ? `the user pool asks for ${answer.ChallengeName}, which takes a browser`
    : answer.message
  throw new Error(`\`${user}\` could not sign in: ${why ?? response.status}.`)
}

const json = async (url: string): Promise<unknown> => {
  const response = await fetch(url).catch((error: unknown) => {
    throw new Error(reasonsOf(error).join(' '))
  })
  return response.ok ? response.json().catch(() => undefined) : undefined
}
