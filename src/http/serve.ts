/** https://hl7.org/fhir/R4/http.html — a request walks through its stations: route, rights, interaction, response. */

import { accessIssues } from '../auth/authorise.ts'
import { isImpossible } from '../fhir/xml/characters.ts'
import type { Issue } from '../outcome/failure.ts'
import { impossibleCharacter } from '../outcome/messages.ts'
import { failOn, issuesOf, statusOf } from '../outcome/outcome.ts'
import type { Answer, Call, Dispatch } from '../request/call.ts'
import type { Context } from '../request/context.ts'
import type { FhirRequest } from '../request/request.ts'
import { type Matched, match, methodsAt, NotAllowed } from './match.ts'
import type { FhirResponse } from './message.ts'
import { bodyFormat, withForm } from './negotiate.ts'
import { preferOf } from './prefer.ts'
import { caching, cors, preflight, responseOf } from './response.ts'
import { allRoutes, type Route, routesAt } from './routes.ts'
import { jsonOf, plain, type Rendering, rendered, renderingOf, renderingOfFailed } from './serialise.ts'

/** What is known about a request once it is answered, for the log: never content, never tokens. */
export interface Served {
  response: FhirResponse
  route?: Route
  type?: string
  /** Why it failed, where it did. */
  issues: readonly Issue[]
  /** What was thrown, where it was a fault of ours. */
  faults: readonly unknown[]
  /** What was done that must be known later. */
  notes?: readonly object[]
}

const callOf = ({ names }: Matched, asked: FhirRequest): Call => ({
  ...asked,
  ...names,
  prefer: preferOf(asked.headers.prefer),
})

const permit = ({ route, names }: Matched, context: Context): void => {
  if (route.action) failOn(accessIssues(context.principal, route.action, names.type))
}

const accounting: ReadonlySet<string | undefined> = new Set(['create', 'update', 'patch'])

/** A Provenance in a header that nothing would heed is not to be lost in silence. */
const checkProvenance = async ({ route }: Matched, { headers }: FhirRequest): Promise<void> => {
  if (!('x-provenance' in headers) || (accounting.has(route.action) && !route.operation)) return
  failOn((await import('../write/request/provenance.ts')).unheeded)
}

const lengthy: ReadonlySet<string | undefined> = new Set(['bundle', 'search', 'history'])

/** https://hl7.org/fhir/R4/async.html — a preference: what is quick is answered at once. */
const isDeferred = ({ route }: Matched, { headers }: FhirRequest, { jobs }: Context): boolean =>
  jobs !== undefined &&
  /\brespond-async\b/i.test(headers.prefer ?? '') &&
  (route.operation ? route.operation.name !== 'upload' : lengthy.has(route.action))

/** Parameters are echoed in links and explanations, and stored with jobs. */
const checkQuery = ({ query }: FhirRequest): void => {
  const wrong = query.find((pair) => pair.some(isImpossible))
  if (wrong) throw impossibleCharacter(wrong[0])
}

const run = async (matched: Matched, asked: FhirRequest, context: Dispatch): Promise<Answer> => {
  permit(matched, context)
  checkQuery(asked)
  return matched.route.run(callOf(matched, asked), context)
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
    again: async (asked) => run(match(asked.method, asked.path, await routesAt(asked.path)), asked, dispatch),
  }
  return dispatch
}

type Site = Pick<Context, 'base' | 'requestId'>

const failed = (
  thrown: unknown,
  { base, requestId }: Site,
): { response: FhirResponse; issues: readonly Issue[] } => {
  const issues = issuesOf(thrown, requestId)
  const response = responseOf({ status: statusOf(issues), issues }, { lenient: false }, base)
  const allow = thrown instanceof NotAllowed ? { Allow: thrown.allowed.join(', ') } : {}
  const login = response.status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}
  return { issues, response: { ...response, headers: { ...response.headers, ...allow, ...login } } }
}

const options = async ({ path }: FhirRequest): Promise<FhirResponse> => {
  const methods = methodsAt(path, await routesAt(path)).join(', ')
  return {
    status: 204,
    headers: { ...preflight, Allow: methods, 'Access-Control-Allow-Methods': methods },
    body: '',
  }
}

/** Ids that callers may give to their requests: short, and nothing that could forge a header or a log line. */
const correlation = /^[\w.:-]{1,64}$/

const ids = (headers: FhirRequest['headers'], requestId: string): Record<string, string> => {
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
  headers: { ...cors, ...caching, ...response.headers, ...ids(headers, requestId) },
  body: method === 'HEAD' ? '' : response.body,
  ...(bytes && method !== 'HEAD' && { bytes }),
})

const isFault = ({ kind }: Issue): boolean => kind === 'fault'

/** Returns the response to a request that failed, wherever that was. */
export const failedResponse = async (
  thrown: unknown,
  request: FhirRequest | undefined,
  site: Site,
): Promise<Served> => {
  const { response, issues } = failed(thrown, site)
  const asked = request ?? { method: '', headers: {} }
  const served = await rendered(response, renderingOfFailed(request))
  return {
    response: withCommonHeaders(served, asked, site.requestId),
    issues,
    faults: issues.some(isFault) ? [thrown] : [],
  }
}

/** A Binary may come and leave without its wrapper. */
const answer = async (request: FhirRequest, matched: Matched, context: Dispatch): Promise<FhirResponse> => {
  const { type, id } = matched.names
  if (type !== 'Binary') return wrappedAnswer(request, renderingOf(request), matched, context)
  const native = (await import('./binary-content.ts')).nativeOf(request, matched.route, id)
  if (!native) return wrappedAnswer(request, renderingOf(request), matched, context)
  const left = native.leave(await wrappedAnswer(native.request, plain, matched, context))
  return left.bytes ? left : rendered(left, renderingOfFailed(request))
}

const deferred = async (request: FhirRequest, matched: Matched, context: Dispatch): Promise<FhirResponse> => {
  permit(matched, context)
  const { defer } = await import('../jobs/status.ts')
  return responseOf(await defer(request, context), preferOf(undefined), context.base)
}

const wrappedAnswer = async (
  request: FhirRequest,
  rendering: Rendering,
  matched: Matched,
  context: Dispatch,
): Promise<FhirResponse> => {
  checkQuery(request)
  if (isDeferred(matched, request, context)) return deferred(request, matched, context)
  const body = await jsonOf(request, bodyFormat(request, matched.route.takes))
  const answered = await run(matched, { ...request, body }, context)
  return rendered(responseOf(answered, preferOf(request.headers.prefer), context.base), rendering)
}

const routed = async (request: FhirRequest, context: Context): Promise<Served> => {
  const faults: unknown[] = []
  const notes: object[] = []
  const matched = match(request.method, request.path, await routesAt(request.path))
  const about = { route: matched.route, type: matched.names.type, faults, notes }
  try {
    await checkProvenance(matched, request)
    const asked = withForm(request, matched.route.takes)
    const response = await answer(asked, matched, dispatchOf(context, faults, notes))
    return { ...about, issues: [], response: withCommonHeaders(response, request, context.requestId) }
  } catch (thrown) {
    const served = await failedResponse(thrown, request, context)
    return { ...about, ...served, faults: [...faults, ...served.faults] }
  }
}

/** Returns the response to a request, failures included, and what the log should know. */
export const serve = async (request: FhirRequest, context: Context): Promise<Served> => {
  try {
    if (request.method !== 'OPTIONS') return await routed(request, context)
    return {
      response: withCommonHeaders(await options(request), request, context.requestId),
      issues: [],
      faults: [],
    }
  } catch (thrown) {
    return failedResponse(thrown, request, context)
  }
}
