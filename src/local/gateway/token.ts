// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html

import { JwtVerifier } from 'aws-jwt-verify'
import { JwtExpiredError } from 'aws-jwt-verify/error'
import type { Jwks } from 'aws-jwt-verify/jwk'
import type { JwtPayload } from 'aws-jwt-verify/jwt-model'
import type { Claims } from './event.ts'

/** The authorizer's verdict on an `Authorization` header: the token's claims, or the reason of the refusal. */
export type TokenVerdict = { claims: Claims } | { refused: string }

export type Authorizer = (authorization: string | undefined) => Promise<TokenVerdict>

/** Returns a check like that of API Gateway's Cognito authorizer: ID tokens of this issuer, well signed and not expired. */
export const cognitoAuthorizer = (issuer: string, jwks: Jwks): Authorizer => {
  const verifier = JwtVerifier.create({ issuer, audience: null, customJwtCheck: idTokensOnly })
  verifier.cacheJwks(jwks)
  return async (authorization) => {
    const token = authorization?.replace(/^Bearer /i, '').trim()
    if (!token) return { refused: 'Unauthorized' }
    try {
      return { claims: flattened(await verifier.verify(token)) }
    } catch (error) {
      return { refused: error instanceof JwtExpiredError ? 'The incoming token has expired' : 'Unauthorized' }
    }
  }
}

const idTokensOnly = ({ payload }: { payload: JwtPayload }): void => {
  if (payload.token_use !== 'id') throw new Error('The token is not an ID token.')
}

const dates = new Set(['exp', 'iat'])

/** Returns all claims as text, as API Gateway passes them on: lists joined by commas, the two times as dates. */
const flattened = (payload: Readonly<Record<string, unknown>>): Claims =>
  Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [
      name,
      dates.has(name) ? dateText(Number(value)) : String(value),
    ]),
  )

const dateText = (seconds: number): string => {
  const [weekday, day, month, year, clock] = new Date(seconds * 1000).toUTCString().split(/,? /)
  return `${weekday} ${month} ${day} ${clock} UTC ${year}`
}

/** The claims of every caller of an open gateway. */
export const openClaims: Claims = {
  sub: '00000000-0000-0000-0000-000000000000',
  'cognito:username': 'open',
  'cognito:groups': 'admin',
  token_use: 'id',
}

/** Lets everybody in as an administrator. */
export const openAuthorizer: Authorizer = async () => ({ claims: openClaims })
