/** Every request takes its steps and is answered, failures included: https://hl7.org/fhir/R4/http.html */

import type { Issue } from '../outcome/failure.ts'
import { issuesOf, statusOf } from '../outcome/outcome.ts'
import type { Dispatch } from '../request/call.ts'
import type { Context } from '../request/context.ts'
import type { FhirRequest } from '../request/request.ts'
import { match, methodsAt, NotAllowed } from './match.ts'
import type { FhirResponse } from './message.ts'
import { caching, cors, preflight, responseOf } from './response.ts'
import { allRoutes, type Route, routesAt } from './routes.ts'
import { rendered, renderingOfFailed } from './serialise.ts'
import { type Exchange, entryAnswer, permit, responseTo } from './steps.ts'

/** An answered request as the log sees it, without content and tokens. */
export interface Served {
  response: FhirResponse
  route?: Route
  type?: string
  /** The reasons of a failure; empty after a success. */
  issues: readonly Issue[]
  /** Thrown errors that are faults of the server. */
  faults: readonly unknown[]
  /** Actions that an operator may have to trace later. */
  notes?: readonly object[]
}

const dispatchOf = (context: Context, faults: unknown[], notes: object[]): Dispatch => {
  const dispatch: Dispatch = {
    ...context,
    routes: allRoutes,
    note: (facts) => notes.push(facts),
    report: (thrown) => faults.push(thrown),
    check: async ({ method, path }) => {
      const matched = match(method, path, await routesAt(path))
      permit(matched, context)
      return matched.route
    },
    again: (request) => entryAnswer(request, dispatch),
  }
  return dispatch
}

type Site = Pick<Context, 'base' | 'requestId'>

const failureResponse = (
  thrown: unknown,
  { base, requestId }: Site,
): { response: FhirResponse; issues: readonly Issue[] } => {
  const issues = issuesOf(thrown, requestId)
  const response = responseOf({ status: statusOf(issues), issues }, { lenient: false }, base)
  const allow = thrown instanceof NotAllowed ? { Allow: thrown.allowed.join(', ') } : {}
  const login = response.status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}
  return { issues, response: { ...response, headers: { ...response.headers, ...allow, ...login } } }
}

const optionsResponse = async ({ path }: FhirRequest): Promise<FhirResponse> => {
  const methods = methodsAt(path, await routesAt(path)).join(', ')
  return {
    status: 204,
    headers: { ...preflight, Allow: methods, 'Access-Control-Allow-Methods': methods },
    body: '',
  }
}

/** Ids that callers may give to their requests: short, without characters that could forge a header or a log line. */
const correlation = /^[\w.:-]{1,64}$/

const requestIds = (headers: FhirRequest['headers'], requestId: string): Record<string, string> => {
  const given = headers['x-request-id']
  return {
    'X-Request-Id': requestId,
    ...(given && correlation.test(given) ? { 'X-Correlation-Id': given } : {}),
  }
}

const withCommonHeaders = (
  { bytes, ...response }: FhirResponse,
  { method, headers }: Pick<FhirRequest, 'method' | 'headers'>,
  requestId: string,
): FhirResponse => ({
  ...response,
  headers: { ...cors, ...caching, ...response.headers, ...requestIds(headers, requestId) },
  body: method === 'HEAD' ? '' : response.body,
  ...(bytes && method !== 'HEAD' && { bytes }),
})

const isFault = ({ kind }: Issue): boolean => kind === 'fault'

/** Returns the response to a request that failed at any step. */
export const failedResponse = async (
  thrown: unknown,
  request: FhirRequest | undefined,
  site: Site,
): Promise<Served> => {
  const { response, issues } = failureResponse(thrown, site)
  const asked = request ?? { method: '', headers: {} }
  const served = await rendered(response, renderingOfFailed(request))
  return {
    response: withCommonHeaders(served, asked, site.requestId),
    issues,
    faults: issues.some(isFault) ? [thrown] : [],
  }
}

const routed = async (request: FhirRequest, context: Context): Promise<Served> => {
  const faults: unknown[] = []
  const notes: object[] = []
  const exchange: Exchange = { request, context: dispatchOf(context, faults, notes) }
  const about = () => {
    const { matched } = exchange
    return { ...(matched && { route: matched.route, type: matched.names.type }), notes }
  }
  try {
    const response = await responseTo(exchange)
    return {
      ...about(),
      issues: [],
      faults,
      response: withCommonHeaders(response, request, context.requestId),
    }
  } catch (thrown) {
    const served = await failedResponse(thrown, request, context)
    return { ...about(), ...served, faults: [...faults, ...served.faults] }
  }
}

/** Returns the response to a request, failures included, with the facts for the log. */
export const serve = async (request: FhirRequest, context: Context): Promise<Served> => {
  try {
    if (request.method !== 'OPTIONS') return await routed(request, context)
    return {
      response: withCommonHeaders(await optionsResponse(request), request, context.requestId),
      issues: [],
      faults: [],
    }
  } catch (thrown) {
    return failedResponse(thrown, request, context)
  }
}
