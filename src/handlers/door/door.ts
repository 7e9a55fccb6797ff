/** The door of every HTTP function; the functions differ only in their routes in template.yaml. */

import middy, { type MiddlewareObj } from '@middy/core'
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context as LambdaContext } from 'aws-lambda'
import type { Subsegment } from 'aws-xray-sdk-core'
import { principalOf } from '../../auth/principal.ts'
import type { FhirResponse } from '../../http/message.ts'
import { failedResponse, serve } from '../../http/serve.ts'
import { outOfTime } from '../../outcome/messages.ts'
import type { Context } from '../../request/context.ts'
import { readerUnder } from '../../request/reader.ts'
import type { FhirRequest } from '../../request/request.ts'
import type { Rules } from '../../request/settings.ts'
import type { Archive } from '../../store/archive/archive.ts'
import type { Jobs } from '../../store/jobs/job.ts'
import type { OpenStore } from '../../store/port.ts'
import { findCodesLater } from '../../terminology/lazy.ts'
import { binaryTypesOf, bodyLimitOf, type FunctionEnvironment, loginOf, writeRulesOf } from './config.ts'
import { baseOf, fhirRequestOf, gatewayResult, type Sent, sentOf } from './gateway.ts'
import type { Invocation } from './invocation.ts'
import { logInvocation } from './log.ts'
import { streamingHandler } from './streaming.ts'
import { closeSubsegment, openSubsegment } from './trace.ts'

/** A function's connections, opened once per process. */
export interface Services {
  openStore: OpenStore
  archive: Pick<Archive, 'bundle'>
  openJobs?: (tenant: string) => Jobs
}

type DoorLink = MiddlewareObj<Invocation, Sent>

/** Turns a response into the function's result. */
type Leave = (response: FhirResponse, headers: FhirRequest['headers'], env: FunctionEnvironment) => Sent

const servedTenant = 'main'

/** The event becomes a FHIR request; a body that is too large ends here. */
const gatewayEvent = (env: FunctionEnvironment): DoorLink => ({
  before: ({ event: invocation }) => {
    invocation.request = fhirRequestOf(invocation.event, bodyLimitOf(env))
  },
})

/** The claims of the token, which the gateway's authorizer has checked, become a principal. */
const authClaims: DoorLink = {
  before: ({ event: invocation }) => {
    const principal = principalOf(invocation.event.requestContext.authorizer?.claims)
    if (principal) invocation.principal = principal
  },
}

/** Records a subsegment of the trace when X-Ray samples the request. */
const tracing = (env: FunctionEnvironment): DoorLink => {
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

/** Logs a line for each request. */
const requestLine = (env: FunctionEnvironment): DoorLink => ({
  after: ({ event: invocation, response }) => {
    if (response) logInvocation(invocation, response, env.LOG_LEVEL)
  },
})

/** Answers an error of the chain itself like any failure. */
const errors = (env: FunctionEnvironment): DoorLink => ({
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

const invocationContext = (
  invocation: Invocation,
  services: Services,
  env: FunctionEnvironment,
  rules: Rules,
): Context => {
  const store = services.openStore(servedTenant)
  const reader = readerUnder(store, [])
  const login = loginOf(env)
  invocation.meter = store.meter
  return {
    tenant: servedTenant,
    store,
    reader,
    archive: services.archive,
    principal: invocation.principal,
    base: baseOf(invocation.event),
    requestId: invocation.event.requestContext.requestId,
    now: Date.now,
    rules,
    findCodes: findCodesLater(reader, baseOf(invocation.event)),
    ...(login && { login }),
    ...(services.openJobs && { jobs: services.openJobs(servedTenant) }),
  }
}

const fhir = (services: Services, env: FunctionEnvironment, leave: Leave) => {
  const rules = writeRulesOf(env)
  return async (invocation: Invocation): Promise<Sent> => {
    const request = invocation.request ?? fhirRequestOf(invocation.event, bodyLimitOf(env))
    invocation.served = await serve(request, invocationContext(invocation, services, env, rules))
    return leave(invocation.served.response, request.headers, env)
  }
}

const giveUp = (): never => {
  throw outOfTime()
}

const chainOf = (services: Services, env: FunctionEnvironment, leave: Leave) => {
  const chain = middy<Invocation, Sent>({ timeoutEarlyInMillis: 500, timeoutEarlyResponse: giveUp })
    .use([errors(env), requestLine(env), tracing(env), gatewayEvent(env), authClaims])
    .handler(fhir(services, env, leave))
  return (event: APIGatewayProxyEvent, context: LambdaContext): Promise<Sent> =>
    chain({ event, began: Date.now() }, context)
}

const sendWhole: Leave = (response, headers, env) =>
  gatewayResult(response, headers, binaryTypesOf(env)) as APIGatewayProxyResult & Sent

/** Returns the Lambda handler for API Gateway's proxy events. */
export const door = (services: Services, env: FunctionEnvironment = process.env) =>
  chainOf(services, env, sendWhole) as (
    event: APIGatewayProxyEvent,
    context: LambdaContext,
  ) => Promise<APIGatewayProxyResult>

/** Returns the Lambda handler for routes whose answers are streamed. */
export const streamingDoor = (services: Services, env: FunctionEnvironment = process.env) =>
  streamingHandler(chainOf(services, env, sentOf)) ?? door(services, env)
