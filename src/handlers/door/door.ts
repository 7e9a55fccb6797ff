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
import type { Visit } from './invocation.ts'
import { logVisit } from './log.ts'
import { streaming } from './streaming.ts'
import { closeSubsegment, openSubsegment } from './trace.ts'

/** What a function works with besides its event; opened once per process. */
export interface Backing {
  openStore: OpenStore
  archive: Pick<Archive, 'bundle'>
  openJobs?: (tenant: string) => Jobs
}

type Link = MiddlewareObj<Visit, Sent>

/** How a response leaves. */
type Leave = (response: FhirResponse, headers: FhirRequest['headers'], env: Environment) => Sent

const tenant = 'main'

/** The event becomes a FHIR request; a body that is too large ends here. */
const gatewayEvent = (env: Environment): Link => ({
  before: ({ event: visit }) => {
    visit.request = requestOf(visit.event, bodyLimitOf(env))
  },
})

/** The claims of the token, which the gateway's authorizer has checked, become a principal. */
const authClaims: Link = {
  before: ({ event: visit }) => {
    const principal = principalOf(visit.event.requestContext.authorizer?.claims)
    if (principal) visit.principal = principal
  },
}

/** A subsegment of the trace, only where X-Ray asks for it. */
const tracing = (env: Environment): Link => {
  const open = new WeakMap<Visit, Subsegment | undefined>()
  return {
    before: async ({ event: visit }) => {
      open.set(visit, await openSubsegment('fhir', env._X_AMZN_TRACE_ID ?? process.env._X_AMZN_TRACE_ID))
    },
    after: ({ event: visit, response }) => {
      const { pattern } = visit.served?.route ?? {}
      closeSubsegment(open.get(visit), {
        route: pattern,
        type: visit.served?.type,
        status: response?.statusCode,
      })
    },
  }
}

/** One line for each request. */
const requestLine = (env: Environment): Link => ({
  after: ({ event: visit, response }) => {
    if (response) logVisit(visit, response, env.LOG_LEVEL)
  },
})

/** What goes wrong in the chain itself is answered like any failure. */
const errors = (env: Environment): Link => ({
  onError: async (middyRequest) => {
    const { event: visit, error } = middyRequest
    const { requestId } = visit.event.requestContext
    const served = await failedResponse(error, visit.request, { requestId, base: baseOf(visit.event) })
    visit.served = served
    const { status, headers, body } = served.response
    middyRequest.response = { statusCode: status, headers, body }
    logVisit(visit, middyRequest.response, env.LOG_LEVEL)
    return middyRequest.response
  },
})

const contextOf = (visit: Visit, backing: Backing, env: Environment, rules: Rules): Context => {
  const store = backing.openStore(tenant)
  const login = loginOf(env)
  visit.meter = store.meter
  return {
    tenant,
    store,
    archive: backing.archive,
    principal: visit.principal,
    base: baseOf(visit.event),
    requestId: visit.event.requestContext.requestId,
    now: Date.now,
    rules,
    findCodes: findCodesLater(store, baseOf(visit.event)),
    ...(login && { login }),
    ...(backing.openJobs && { jobs: backing.openJobs(tenant) }),
  }
}

const fhir = (backing: Backing, env: Environment, leave: Leave) => {
  const rules = rulesOf(env)
  return async (visit: Visit): Promise<Sent> => {
    const request = visit.request ?? requestOf(visit.event, bodyLimitOf(env))
    visit.served = await serve(request, contextOf(visit, backing, env, rules))
    return leave(visit.served.response, request.headers, env)
  }
}

const giveUp = (): never => {
  throw outOfTime()
}

const chainOf = (backing: Backing, env: Environment, leave: Leave) => {
  const chain = middy<Visit, Sent>({ timeoutEarlyInMillis: 500, timeoutEarlyResponse: giveUp })
    .use([errors(env), requestLine(env), tracing(env), gatewayEvent(env), authClaims])
    .handler(fhir(backing, env, leave))
  return (event: APIGatewayProxyEvent, context: LambdaContext): Promise<Sent> =>
    chain({ event, began: Date.now() }, context)
}

const whole: Leave = (response, headers, env) =>
  resultOf(response, headers, binaryTypesOf(env)) as APIGatewayProxyResult & Sent

/** Returns the Lambda handler for API Gateway's proxy events. */
export const door = (backing: Backing, env: Environment = process.env) =>
  chainOf(backing, env, whole) as (
    event: APIGatewayProxyEvent,
    context: LambdaContext,
  ) => Promise<APIGatewayProxyResult>

/** Returns the Lambda handler for routes whose answers are streamed. */
export const streamingDoor = (backing: Backing, env: Environment = process.env) =>
  streaming(chainOf(backing, env, sentOf)) ?? door(backing, env)
