/** Every HTTP function is this door; they differ only in the routes that template.yaml leads to them. */

import middy, { type MiddlewareObj } from '@middy/core'
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context as LambdaContext } from 'aws-lambda'
import type { Subsegment } from 'aws-xray-sdk-core'
import { principalOf } from '../../auth/principal.ts'
import type { FhirRequest, FhirResponse } from '../../http/message.ts'
import { failedResponse, serve } from '../../http/serve.ts'
import { outOfTime } from '../../outcome/messages.ts'
import type { Context } from '../../request/context.ts'
import type { Rules } from '../../request/settings.ts'
import type { Archive } from '../../store/archive/archive.ts'
import type { Jobs } from '../../store/jobs/job.ts'
import type { OpenStore } from '../../store/port.ts'
import { findCodesLater } from '../../terminology/lazy.ts'
import { binaryTypesOf, bodyLimitOf, type Environment, loginOf, rulesOf } from './config.ts'
import { baseOf, requestOf, resultOf, type Sent, sentOf } from './gateway.ts'
import type { Invocation } from './invocation.ts'
import { logInvocation } from './log.ts'
import { streaming } from './streaming.ts'
import { closeSubsegment, openSubsegment } from './trace.ts'

/** What a function works with besides its event; opened once per process. */
export interface Services {
  openStore: OpenStore
  archive: Pick<Archive, 'bundle'>
  openJobs?: (tenant: string) => Jobs
}

type Link = MiddlewareObj<Invocation, Sent>

/** How a response leaves. */
type Leave = (response: FhirResponse, headers: FhirRequest['headers'], env: Environment) => Sent

const tenant = 'main'

/** The event becomes a FHIR request; a body that is too large ends here. */
const gatewayEvent = (env: Environment): Link => ({
  before: ({ event: invocation }) => {
    invocation.request = requestOf(invocation.event, bodyLimitOf(env))
  },
})

/** The claims of the token, which the gateway's authorizer has checked, become a principal. */
const authClaims: Link = {
  before: ({ event: invocation }) => {
    const principal = principalOf(invocation.event.requestContext.authorizer?.claims)
    if (principal) invocation.principal = principal
  },
}

/** A subsegment of the trace, only where X-Ray asks for it. */
const tracing = (env: Environment): Link => {
  const open = new WeakMap<Invocation, Subsegment | undefined>()
  return {
    before: async ({ event: invocation }) => {
      open.set(invocation, await openSubsegment('fhir', env._X_AMZN_TRACE_ID ?? process.env._X_AMZN_TRACE_ID))
    },
    after: ({ event: invocation, response }) => {
      const { pattern } = invocation.served?.route ?? {}
      closeSubsegment(open.get(invocation), {
        route: pattern,
        type: invocation.served?.type,
        status: response?.statusCode,
      })
    },
  }
}

/** One line for each request. */
const requestLine = (env: Environment): Link => ({
  after: ({ event: invocation, response }) => {
    if (response) logInvocation(invocation, response, env.LOG_LEVEL)
  },
})

/** What goes wrong in the chain itself is answered like any failure. */
const errors = (env: Environment): Link => ({
  onError: async (middyRequest) => {
    const { event: invocation, error } = middyRequest
    const { requestId } = invocation.event.requestContext
    const served = await failedResponse(error, invocation.request, {
      requestId,
      base: baseOf(invocation.event),
    })
    invocation.served = served
    const { status, headers, body } = served.response
    middyRequest.response = { statusCode: status, headers, body }
    logInvocation(invocation, middyRequest.response, env.LOG_LEVEL)
    return middyRequest.response
  },
})

const contextOf = (invocation: Invocation, services: Services, env: Environment, rules: Rules): Context => {
  const store = services.openStore(tenant)
  const login = loginOf(env)
  invocation.meter = store.meter
  return {
    tenant,
    store,
    archive: services.archive,
    principal: invocation.principal,
    base: baseOf(invocation.event),
    requestId: invocation.event.requestContext.requestId,
    now: Date.now,
    rules,
    findCodes: findCodesLater(store, baseOf(invocation.event)),
    ...(login && { login }),
    ...(services.openJobs && { jobs: services.openJobs(tenant) }),
  }
}

const fhir = (services: Services, env: Environment, leave: Leave) => {
  const rules = rulesOf(env)
  return async (invocation: Invocation): Promise<Sent> => {
    const request = invocation.request ?? requestOf(invocation.event, bodyLimitOf(env))
    invocation.served = await serve(request, contextOf(invocation, services, env, rules))
    return leave(invocation.served.response, request.headers, env)
  }
}

const giveUp = (): never => {
  throw outOfTime()
}

const chainOf = (services: Services, env: Environment, leave: Leave) => {
  const chain = middy<Invocation, Sent>({ timeoutEarlyInMillis: 500, timeoutEarlyResponse: giveUp })
    .use([errors(env), requestLine(env), tracing(env), gatewayEvent(env), authClaims])
    .handler(fhir(services, env, leave))
  return (event: APIGatewayProxyEvent, context: LambdaContext): Promise<Sent> =>
    chain({ event, began: Date.now() }, context)
}

const whole: Leave = (response, headers, env) =>
  resultOf(response, headers, binaryTypesOf(env)) as APIGatewayProxyResult & Sent

/** Returns the Lambda handler for API Gateway's proxy events. */
export const door = (services: Services, env: Environment = process.env) =>
  chainOf(services, env, whole) as (
    event: APIGatewayProxyEvent,
    context: LambdaContext,
  ) => Promise<APIGatewayProxyResult>

/** Returns the Lambda handler for routes whose answers are streamed. */
export const streamingDoor = (services: Services, env: Environment = process.env) =>
  streaming(chainOf(services, env, sentOf)) ?? door(services, env)
