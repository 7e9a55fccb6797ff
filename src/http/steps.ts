/** The steps of a request as a list, of which an entry of a Bundle skips the outer steps: https://hl7.org/fhir/R4/http.html */

import { accessIssues } from '../auth/authorise.ts'
import { isImpossible } from '../fhir/xml/characters.ts'
import { failure } from '../outcome/failure.ts'
import { impossibleCharacter } from '../outcome/messages.ts'
import { failOn } from '../outcome/outcome.ts'
import type { Answer, Dispatch } from '../request/call.ts'
import type { Context } from '../request/context.ts'
import type { FhirRequest } from '../request/request.ts'
import { type MatchedRoute, match } from './match.ts'
import type { FhirResponse } from './message.ts'
import { bodyFormat, withForm } from './negotiate.ts'
import { preferOf } from './prefer.ts'
import { responseOf } from './response.ts'
import { routesAt } from './routes.ts'
import { jsonOf, plainJson, type Rendering, rendered, renderingOf, renderingOfFailed } from './serialise.ts'

/** A request on its way: each step reads the parts that earlier steps have set, and sets its own. */
export interface Exchange {
  request: FhirRequest
  context: Dispatch
  /** Set by `route`. */
  matched?: MatchedRoute
  /** Set by `content` or `negotiate`. */
  rendering?: Rendering
  /** Set by `run` or `defer`. */
  answer?: Answer
  /** Set by `negotiate`. */
  response?: FhirResponse
}

/** A step acts before and after the rest of the list, and may skip the rest; fails if the request cannot continue. */
type RequestStep = (exchange: Exchange, rest: () => Promise<void>) => Promise<void>

/** Returns a part of an exchange that an earlier step has set; fails where the list lacks that step. */
const partOfExchange = <Name extends keyof Exchange>(
  exchange: Exchange,
  name: Name,
): NonNullable<Exchange[Name]> => {
  const part = exchange[name]
  if (part === undefined) throw failure('fault', `No step set ${name}.`)
  return part
}

const route: RequestStep = async (exchange, rest) => {
  const { method, path } = exchange.request
  exchange.matched = match(method, path, await routesAt(path))
  await rest()
}

const provenanceActions: ReadonlySet<string | undefined> = new Set(['create', 'update', 'patch'])

/** Fails for a Provenance in a header that the interaction would lose, since only single writes store a Provenance. */
const provenance: RequestStep = async (exchange, rest) => {
  const { route } = partOfExchange(exchange, 'matched')
  const isStored = provenanceActions.has(route.action) && !route.operation
  if ('x-provenance' in exchange.request.headers && !isStored)
    failOn((await import('../write/request/provenance.ts')).misplacedProvenance)
  await rest()
}

const form: RequestStep = async (exchange, rest) => {
  exchange.request = withForm(exchange.request, partOfExchange(exchange, 'matched').route.takes)
  await rest()
}

/** Wraps and unwraps the content of a Binary, which may arrive and leave without a resource around the content. */
const content: RequestStep = async (exchange, rest) => {
  const { route, names } = partOfExchange(exchange, 'matched')
  if (names.type !== 'Binary') return rest()
  const { request } = exchange
  const native = (await import('./binary-content.ts')).contentExchangeOf(request, route, names.id)
  if (!native) return rest()
  exchange.request = native.request
  exchange.rendering = plainJson
  await rest()
  const left = native.leave(partOfExchange(exchange, 'response'))
  exchange.response = left.bytes ? left : await rendered(left, renderingOfFailed(request))
}

/** Decides on the format of the answer before anything is done, and renders the answer afterwards. */
const negotiate: RequestStep = async (exchange, rest) => {
  const rendering = exchange.rendering ?? renderingOf(exchange.request)
  await rest()
  const { request, context } = exchange
  const response = responseOf(
    partOfExchange(exchange, 'answer'),
    preferOf(request.headers.prefer),
    context.base,
  )
  exchange.response = await rendered(response, rendering)
}

/** Fails for characters that XML cannot represent: parameters are echoed in links and explanations, and stored with jobs. */
const checkCharacters = ({ query }: FhirRequest): void => {
  const wrong = query.find((pair) => pair.some(isImpossible))
  if (wrong) throw impossibleCharacter(wrong[0])
}

const checkQueryText: RequestStep = async ({ request }, rest) => {
  checkCharacters(request)
  await rest()
}

const deferrableActions: ReadonlySet<string | undefined> = new Set(['bundle', 'search', 'history'])

/** https://hl7.org/fhir/R4/async.html — a preference: a quick request is answered at once. */
const isDeferred = ({ route }: MatchedRoute, { headers }: FhirRequest, { jobs }: Context): boolean =>
  jobs !== undefined &&
  /\brespond-async\b/i.test(headers.prefer ?? '') &&
  (route.operation ? route.operation.name !== 'upload' : deferrableActions.has(route.action))

const defer: RequestStep = async (exchange, rest) => {
  const { request, context } = exchange
  const matched = partOfExchange(exchange, 'matched')
  if (!isDeferred(matched, request, context)) return rest()
  permit(matched, context)
  checkCharacters(request)
  exchange.answer = await (await import('../jobs/status.ts')).deferRequest(request, context)
}

/** Converts the body to JSON, the only format inside the server. */
const body: RequestStep = async (exchange, rest) => {
  const { request } = exchange
  const text = await jsonOf(request, bodyFormat(request, partOfExchange(exchange, 'matched').route.takes))
  exchange.request = { ...request, body: text }
  await rest()
}

/** Fails if the principal has no right to the route's interaction. */
export const permit = ({ route, names }: MatchedRoute, context: Context): void => {
  if (route.action) failOn(accessIssues(context.principal, route.action, names.type))
}

const decideAccess: RequestStep = async (exchange, rest) => {
  permit(partOfExchange(exchange, 'matched'), exchange.context)
  await rest()
}

const runInteraction: RequestStep = async (exchange) => {
  const { request, context } = exchange
  const { route, names } = partOfExchange(exchange, 'matched')
  exchange.answer = await route.run(
    { ...request, ...names, prefer: preferOf(request.headers.prefer) },
    context,
  )
}

/** The steps in their order, by name. */
const steps: readonly (readonly [name: string, step: RequestStep])[] = [
  ['route', route],
  ['provenance', provenance],
  ['form', form],
  ['content', content],
  ['negotiate', negotiate],
  ['defer', defer],
  ['body', body],
  ['decide', decideAccess],
  ['query', checkQueryText],
  ['run', runInteraction],
]

/** The steps for requests from outside alone: an entry shares the format, the body and the time of its Bundle. */
const outerSteps: ReadonlySet<string> = new Set([
  'provenance',
  'form',
  'content',
  'negotiate',
  'defer',
  'body',
])

const entrySteps = steps.filter(([name]) => !outerSteps.has(name))

const takeSteps = async (exchange: Exchange, list: typeof steps, position = 0): Promise<void> =>
  list[position]?.[1](exchange, () => takeSteps(exchange, list, position + 1))

/** Takes a request from outside through all steps and returns its response. */
export const responseTo = async (exchange: Exchange): Promise<FhirResponse> => {
  await takeSteps(exchange, steps)
  return partOfExchange(exchange, 'response')
}

/** Takes an entry of a Bundle through the inner steps and returns its answer. */
export const entryAnswer = async (request: FhirRequest, context: Dispatch): Promise<Answer> => {
  const exchange: Exchange = { request, context }
  await takeSteps(exchange, entrySteps)
  return partOfExchange(exchange, 'answer')
}
