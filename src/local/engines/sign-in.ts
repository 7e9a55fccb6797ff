import type { Jwks } from 'aws-jwt-verify/jwk'
import { callEngine } from './aws.ts'
import { demoUsers } from './provision.ts'

/** Returns the keys that a user pool signs with. */
export const jwks = async (endpoint: string, poolId: string): Promise<Jwks> =>
  (await fetch(`${endpoint}/${poolId}/.well-known/jwks.json`)).json() as Promise<Jwks>

/** Returns an ID token of a demo user. */
export const signIn = async (endpoint: string, clientId: string, name: string): Promise<string> => {
  const user = demoUsers.find((candidate) => candidate.name === name)
  const signedIn = await callEngine<{ AuthenticationResult: { IdToken: string } }>(
    'cognito',
    endpoint,
    'InitiateAuth',
    {
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: clientId,
      AuthParameters: { USERNAME: name, PASSWORD: user?.password ?? '' },
    },
  )
  return signedIn.AuthenticationResult.IdToken
}
