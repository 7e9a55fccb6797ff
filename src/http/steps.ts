/** https://hl7.org/fhir/R4/http.html — the steps of a request, as one list; an entry of a Bundle skips the outer ones. */

import { accessIssues } from '../auth/authorise.ts'
import { isImpossible } from '../fhir/xml/characters.ts'
import { failure } from '../outcome/failure.ts'
import { impossibleCharacter } from '../outcome/messages.ts'
import { failOn } from '../outcome/outcome.ts'
import type { Answer, Dispatch } from '../request/call.ts'
import type { Context } from '../request/context.ts'
import type { FhirRequest } from '../request/request.ts'
import { type Matched, match } from './match.ts'
import type { FhirResponse } from './message.ts'
import { bodyFormat, withForm } from './negotiate.ts'
import { preferOf } from './prefer.ts'
import { responseOf } from './response.ts'
import { routesAt } from './routes.ts'
import { jsonOf, plain, type Rendering, rendered, renderingOf, renderingOfFailed } from './serialise.ts'

/** A request on its way: each step reads the parts that earlier steps have set, and sets its own. */
export interface Exchange {
  request: FhirRequest
  context: Dispatch
  /** Set by `route`. */
  matched?: Matched
  /** Set by `content` or `negotiate`. */
  rendering?: Rendering
  /** Set by `run` or `defer`. */
  answer?: Answer
  /** Set by `negotiate`. */
  response?: FhirResponse
}

/** Does its part before and after the rest of the list, which it may leave out; fails where the request cannot go on. */
type Step = (exchange: Exchange, rest: () => Promise<void>) => Promise<void>

/** Returns a part of an exchange that an earlier step has set; fails where the list lacks that step. */
const set = <Name extends keyof Exchange>(exchange: Exchange, name: Name): NonNullable<Exchange[Name]> => {
  const part = exchange[name]
  if (part === undefined) throw failure('fault', `No step has set \`${name}\`.`)
  return part
}

const route: Step = async (exchange, rest) => {
  const { method, path } = exchange.request
  exchange.matched = match(method, path, await routesAt(path))
  await rest()
}

const accounting: ReadonlySet<string | undefined> = new Set(['create', 'update', 'patch'])

/** Fails where a Provenance in a header would be lost, since the interaction stores none. */
const provenance: Step = async (exchange, rest) => {
  const { route } = set(exchange, 'matched')
  const isStored = accounting.has(route.action) && !route.operation
  if ('x-provenance' in exchange.request.headers && !isStored)
    failOn((await import('../write/request/provenance.ts')).unheeded)
  await rest()
}

const form: Step = async (exchange, rest) => {
  exchange.request = withForm(exchange.request, set(exchange, 'matched').route.takes)
  await rest()
}

/** A Binary may come and leave without its wrapper. */
const content: Step = async (exchange, rest) => {
  const { route, names } = set(exchange, 'matched')
  if (names.type !== 'Binary') return rest()
  const { request } = exchange
  const native = (await import('./binary-content.ts')).nativeOf(request, route, names.id)
  if (!native) return rest()
  exchange.request = native.request
  exchange.rendering = plain
  await rest()
  const left = native.leave(set(exchange, 'response'))
  exchange.response = left.bytes ? left : await rendered(left, renderingOfFailed(request))
}

/** Decides on the format before anything is done, and writes the answer in it. */
const negotiate: Step = async (exchange, rest) => {
  const rendering = exchange.rendering ?? renderingOf(exchange.request)
  await rest()
  const { request, context } = exchange
  const response = responseOf(set(exchange, 'answer'), preferOf(request.headers.prefer), context.base)
  exchange.response = await rendered(response, rendering)
}

/** Refuses characters that cannot be given back: parameters are echoed in links and explanations, and stored with jobs. */
const checkCharacters = ({ query }: FhirRequest): void => {
  const wrong = query.find((pair) => pair.some(isImpossible))
  if (wrong) throw impossibleCharacter(wrong[0])
}

const query: Step = async ({ request }, rest) => {
  checkCharacters(request)
  await rest()
}

const lengthy: ReadonlySet<string | undefined> = new Set(['bundle', 'search', 'history'])

/** https://hl7.org/fhir/R4/async.html — a preference: a request that is quick is answered at once. */
const isDeferred = ({ route }: Matched, { headers }: FhirRequest, { jobs }: Context): boolean =>
  jobs !== undefined &&
  /\brespond-async\b/i.test(headers.prefer ?? '') &&
  (route.operation ? route.operation.name !== 'upload' : lengthy.has(route.action))

const defer: Step = async (exchange, rest) => {
  const { request, context } = exchange
  const matched = set(exchange, 'matched')
  if (!isDeferred(matched, request, context)) return rest()
  permit(matched, context)
  checkCharacters(request)
  exchange.answer = await (await import('../jobs/status.ts')).defer(request, context)
}

/** Makes JSON of the body, the format in which everything inside is. */
const body: Step = async (exchange, rest) => {
  const { request } = exchange
  const text = await jsonOf(request, bodyFormat(request, set(exchange, 'matched').route.takes))
  exchange.request = { ...request, body: text }
  await rest()
}

/** Fails where the principal has no right to the route's interaction. */
export const permit = ({ route, names }: Matched, context: Context): void => {
  if (route.action) failOn(accessIssues(context.principal, route.action, names.type))
}

const decide: Step = async (exchange, rest) => {
  permit(set(exchange, 'matched'), exchange.context)
  await rest()
}

const run: Step = async (exchange) => {
  const { request, context } = exchange
  const { route, names } = set(exchange, 'matched')
  exchange.answer = await route.run(
    { ...request, ...names, prefer: preferOf(request.headers.prefer) },
    context,
  )
}

/** The steps in their order, by name. */
const steps: readonly (readonly [name: string, step: Step])[] = [
  ['route', route],
  ['provenance', provenance],
  ['form', form],
  ['content', content],
  ['negotiate', negotiate],
  ['defer', defer],
  ['body', body],
  ['decide', decide],
  ['query', query],
  ['run', run],
]

/** The steps that only a request from outside takes: an entry's format, body and time are those of its Bundle. */
const outer: ReadonlySet<string> = new Set(['provenance', 'form', 'content', 'negotiate', 'defer', 'body'])

const entrySteps = steps.filter(([name]) => !outer.has(name))

const walk = async (exchange: Exchange, list: typeof steps, position = 0): Promise<void> =>
  list[position]?.[1](exchange, () => walk(exchange, list, position + 1))

/** Takes a request from outside through all steps and returns its response. */
export const responseTo = async (exchange: Exchange): Promise<FhirResponse> => {
  await walk(exchange, steps)
  return set(exchange, 'response')
}

/** Takes an entry of a Bundle through the inner steps and returns its answer. */
export const answerTo = async (request: FhirRequest, context: Dispatch): Promise<Answer> => {
  const exchange: Exchange = { request, context }
  await walk(exchange, entrySteps)
  return set(exchange, 'answer')
}
