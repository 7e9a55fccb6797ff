import { resolve } from 'node:path'
import { clockOf } from '../clock.ts'
import type { Identity } from '../engines/provision.ts'
import type { StrictProxy } from '../strict/proxy.ts'
import {
  environmentOf,
  type LambdaFunction,
  localRegion,
  projectRoot,
  type Template,
} from '../template/template.ts'
import type { Runnable } from './environments.ts'

/** Returns a function in an environment's form, with its variables and its key. */
export const runnable = (
  template: Template,
  fn: LambdaFunction,
  identity: Identity,
  origin: string,
  credentials: Readonly<Record<string, string>>,
): Runnable => ({
  function: fn.id,
  bundle: resolve(projectRoot, fn.bundle),
  exportName: fn.exportName,
  timeoutSeconds: fn.timeoutSeconds,
  memory: fn.memory,
  variables: {
    ...Object.fromEntries(
      Object.entries(
        environmentOf(template, fn, {
          [template.userPool.id]: identity.poolId,
          [template.userPoolClient.id]: identity.clientId,
        }),
      ).map(([name, value]) => [name, value.replace(cognitoHosts, origin)] as const),
    ),
    ...credentials,
  },
})

const ofSignIn: ReadonlySet<string> = new Set(['TOKEN_ISSUER', 'AUTHORIZATION_ENDPOINT', 'TOKEN_ENDPOINT'])

/** Returns the function without the variables of sign-in, for an open stack: no answer then names a place to sign in. */
export const withoutSignIn = (each: Runnable): Runnable => ({
  ...each,
  variables: Object.fromEntries(Object.entries(each.variables).filter(([name]) => !ofSignIn.has(name))),
})

/** The hosts that AWS serves a user pool's keys and sign-in pages from. */
const cognitoHosts =
  /^https:\/\/(cognito-idp\.[\w-]+\.amazonaws\.com|[\w-]+\.auth\.[\w-]+\.amazoncognito\.com)/

/** Returns the variables that every function has: Lambda's own, and the engines' addresses. */
export const sharedVariables = ({ endpoints }: StrictProxy): Record<string, string> => ({
  ...clockOf(process.env),
  AWS_REGION: localRegion,
  AWS_DEFAULT_REGION: localRegion,
  AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
  AWS_ENDPOINT_URL_S3: endpoints.s3,
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  LANG: 'en_US.UTF-8',
  TZ: ':UTC',
})
