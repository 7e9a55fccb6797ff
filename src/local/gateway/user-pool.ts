/** https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flows-public-server-side.html — the user pool's service behind the gateway. */
import {
  Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { SignatureFault } from '../signature/faults.ts'
import { type Keyring, signatureFault } from '../signature/verify.ts'

/**
 * Operations of a user on the user's own behalf, with a password, a code or a token; AWS asks for a signature on all
 * further operations.
 */
const publicOperations: ReadonlySet<string> = new Set([
  'AssociateSoftwareToken',
  'ChangePassword',
  'CompleteWebAuthnRegistration',
  'ConfirmDevice',
  'ConfirmForgotPassword',
  'ConfirmSignUp',
  'DeleteUser',
  'DeleteUserAttributes',
  'DeleteWebAuthnCredential',
  'ForgetDevice',
  'ForgotPassword',
  'GetDevice',
  'GetTokensFromRefreshToken',
  'GetUser',
  'GetUserAttributeVerificationCode',
  'GetUserAuthFactors',
  'GlobalSignOut',
  'InitiateAuth',
  'ListDevices',
  'ListWebAuthnCredentials',
  'ResendConfirmationCode',
  'RespondToAuthChallenge',
  'RevokeToken',
  'SetUserMFAPreference',
  'SetUserSettings',
  'SignUp',
  'StartWebAuthnRegistration',
  'UpdateDeviceStatus',
  'UpdateUserAttributes',
  'VerifySoftwareToken',
  'VerifyUserAttribute',
])

/**
 * Returns the reason to refuse an operation; pages and endpoints of the OAuth flows name no operation and are open to
 * everybody.
 */
const poolFault = (
  { method = 'GET', url: path = '/', headers }: IncomingMessage,
  body: Buffer,
  keyring: Keyring,
): SignatureFault | undefined => {
  const operation = /^AWSCognitoIdentityProviderService\.(\w+)$/.exec(String(headers['x-amz-target']))?.[1]
  if (headers['x-amz-target'] === undefined || publicOperations.has(operation ?? '')) return undefined
  return signatureFault('cognito-idp', { method, path, headers }, body, { keyring })
}

const poolPath =
  /^\/(?:oauth2\/(?:authorize|token)|[\w-]+\/\.well-known\/(?:jwks|openid-configuration)(?:\.json)?)$/

/** Returns whether a request is the user pool's: an operation, a step of an OAuth flow, or the pool's own documents. */
export const isOfUserPool = ({ url = '/', headers }: IncomingMessage): boolean =>
  headers['x-amz-target'] !== undefined || poolPath.test(url.split('?')[0] ?? '')

const agent = new Agent({ keepAlive: true })

/** Headers in which a browser names the asking page; the gateway has checked them, and the service would refuse them. */
const ofBrowser = /^(?:origin|sec-fetch-\w+)$/

/** Headers that let in pages of other origins: the service would allow any, the gateway only pages of this machine. */
const ofOtherOrigins = /^access-control-/

const withoutHeaders = (headers: IncomingHttpHeaders, names: RegExp): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.test(name)))

/** The most bytes of a request to the service. */
const maxPoolRequestBytes = 1024 * 1024

/** Answers from the user pool's service, unless AWS would refuse; when the service is gone the connection ends. */
export const askUserPool = async (
  origin: string,
  keyring: Keyring,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  if (Number(message.headers['content-length'] ?? 0) > maxPoolRequestBytes)
    return void response.writeHead(413).end()
  const body = await buffer(message)
  const fault = poolFault(message, body, keyring)
  if (fault) return refusePoolRequest(fault, response)
  const path = message.url?.startsWith('/') ? message.url : '/'
  const headers = { ...withoutHeaders(message.headers, ofBrowser), 'content-length': body.length }
  const { method } = message
  const asked = request(`${origin}${path}`, { agent, method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, withoutHeaders(answer.headers, ofOtherOrigins))
    answer.pipe(response)
  })
  asked.once('error', () => response.destroy())
  asked.end(body)
}

const refusePoolRequest = ({ status, code, message }: SignatureFault, response: ServerResponse): void => {
  response
    .writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
    .end(JSON.stringify({ __type: code, message }))
}
