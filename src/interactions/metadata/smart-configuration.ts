/** https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html */

import { error } from '../../outcome/failure.ts'
import { type Interaction, issuesAnswer } from '../../request/call.ts'
import type { Login } from '../../request/context.ts'

const document = ({ issuer, jwks, authorize, token }: Login): object => ({
  issuer,
  jwks_uri: jwks,
  ...(authorize && token
    ? {
        authorization_endpoint: authorize,
        token_endpoint: token,
        grant_types_supported: ['authorization_code'],
        response_types_supported: ['code'],
        scopes_supported: ['openid'],
        code_challenge_methods_supported: ['S256'],
      }
    : {}),
  capabilities: ['client-public'],
})

const nowhere = error('not-found', 'This deployment names no place to sign in.')

export const smartConfiguration: Interaction = async (_call, { login }) =>
  login
    ? { status: 200, text: JSON.stringify(document(login)), mediaType: 'application/json' }
    : issuesAnswer(404, [nowhere])
