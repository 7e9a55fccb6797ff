/** https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html */

/** Who asks. */
export interface Principal {
  id: string
  name: string
  groups: readonly string[]
}

/** What the gateway's authorizer says about a token that it has checked. */
export type Claims = Readonly<Record<string, unknown>>

/** Returns who the claims are about; nobody where there are no claims, as before a login. */
export const principalOf = (claims: Claims | undefined): Principal | undefined => {
  if (typeof claims?.sub !== 'string' || claims.sub === '') return undefined
  const name = claims['cognito:username'] ?? claims.username
  return { id: claims.sub, name: typeof name === 'string' ? name : claims.sub, groups: groupsOf(claims) }
}

/** API Gateway hands an array claim over as text: `admin,loader` or `[admin loader]`. */
const groupsOf = (claims: Claims): string[] => {
  const groups = claims['cognito:groups']
  if (Array.isArray(groups)) return groups.map(String)
  return typeof groups === 'string' ? groups.split(/[[\],\s]+/).filter((group) => group !== '') : []
}
