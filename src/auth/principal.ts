/** https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html */

/** The person or client behind a request. */
export interface Principal {
  id: string
  name: string
  groups: readonly string[]
}

/** The claims of a token that the gateway's authorizer has verified. */
export type TokenClaims = Readonly<Record<string, unknown>>

/** Returns who the claims are about; nobody where there are no claims, as before a login. */
export const principalOf = (claims: TokenClaims | undefined): Principal | undefined => {
  if (typeof claims?.sub !== 'string' || claims.sub === '') return undefined
  const name = claims['cognito:username'] ?? claims.username
  return {
    id: claims.sub,
    name: typeof name === 'string' ? name : claims.sub,
    groups: principalGroups(claims),
  }
}

/** API Gateway hands an array claim over as text: `admin,loader` or `[admin loader]`. */
const principalGroups = (claims: TokenClaims): string[] => {
  const groups = claims['cognito:groups']
  if (Array.isArray(groups)) return groups.map(String)
  return typeof groups === 'string' ? groups.split(/[[\],\s]+/).filter((group) => group !== '') : []
}
