/** The CapabilityStatement, computed from routes and registries: https://hl7.org/fhir/R4/http.html#capabilities */

import type { SearchParameter } from '../../fhir/definitions.ts'
import { compartmentTypes, searchParameters } from '../../fhir/parameters.ts'
import { resourceTypes } from '../../fhir/types.ts'
import { failure } from '../../outcome/failure.ts'
import { type Announced, announcedIn, nothingAnnounced, profilesByType } from '../../request/announcement.ts'
import {
  type Call,
  canonicalBase,
  type Dispatch,
  type Interaction,
  type RouteFacts,
} from '../../request/call.ts'
import type { Context, Login } from '../../request/context.ts'
import { etagNames } from '../../request/etag.ts'
import { defaultRules, type Rules } from '../../request/settings.ts'
import { type Definition, definitionsIn } from '../../search/custom.ts'
import { isFollowed } from '../../search/parse/parse-context.ts'
import { specialParameters } from '../../search/parse/special.ts'
import { hashOf } from '../../store/keys.ts'
import { patchTypes } from '../../write/patch/patch.ts'
import { checkQuery, cutFor } from '../result-parameters.ts'
import { software } from './software.ts'

const codesOf = (routes: readonly RouteFacts[], ...levels: RouteFacts['level'][]): { code: string }[] =>
  routes
    .filter(({ level, code }) => code !== '' && levels.includes(level))
    .flatMap(({ code }) => code.split(' ').map((each) => ({ code: each })))

/** The stated members of a search parameter. */
type Stated = Pick<SearchParameter, 'code' | 'type' | 'url' | 'targets' | 'elements'>

/** Returns the search parameters of a type; the tenant's own parameters are included once searches can use them. */
const statedParameters = (type: string, own: readonly Definition[]): Stated[] => [
  ...searchParameters(type).values(),
  ...specialParameters(type),
  ...own.filter(({ state, types }) => state === 'ready' && types.includes(type)),
]

const searchParam = ({ code, type, url }: Stated) => ({ name: code, type, definition: url })

const references = (type: string, own: readonly Definition[]): Stated[] =>
  statedParameters(type, own).filter(isFollowed)

const includesOf = (type: string, own: readonly Definition[]): string[] =>
  references(type, own).map(({ code }) => `${type}:${code}`)

/**
 * Returns the references from all types to each type. References to any type are left out, since every type would list
 * them, except `Provenance:target`, required of each type by guides such as US Core.
 */
const reverseIncludes = (own: readonly Definition[]): Map<string, string[]> => {
  const reverse = new Map<string, string[]>(resourceTypes.map((type) => [type, []]))
  for (const type of resourceTypes)
    for (const { code, targets } of references(type, own))
      for (const target of targets ?? targetsOfAny(type, code)) reverse.get(target)?.push(`${type}:${code}`)
  return reverse
}

const targetsOfAny = (type: string, code: string): readonly string[] =>
  type === 'Provenance' && code === 'target' ? resourceTypes : []

const compartmentUrl = (type: string): string =>
  `http://hl7.org/fhir/CompartmentDefinition/${type.charAt(0).toLowerCase()}${type.slice(1)}`

const serves = (routes: readonly RouteFacts[], method: string, pattern: string): boolean =>
  routes.some((route) => route.method === method && route.pattern === pattern)

/** https://hl7.org/fhir/R4/valueset-reference-handling-policy.html */
const policyOf = ({ references, deletionOfReferred }: Rules): string[] =>
  references === 'exist' && deletionOfReferred === 'refuse'
    ? ['literal', 'local', 'enforced']
    : ['literal', 'local']

const behaviourFlags = (routes: readonly RouteFacts[], rules: Rules) => ({
  versioning: 'versioned',
  readHistory: serves(routes, 'GET', '[type]/[id]/_history/[version]'),
  updateCreate: serves(routes, 'PUT', '[type]/[id]'),
  conditionalCreate: serves(routes, 'POST', '[type]'),
  conditionalRead: 'full-support',
  conditionalUpdate: serves(routes, 'PUT', '[type]'),
  conditionalDelete: serves(routes, 'DELETE', '[type]') ? 'multiple' : 'not-supported',
  referencePolicy: policyOf(rules),
})

const unlessEmpty = (name: string, values: readonly unknown[]): object =>
  values.length > 0 ? { [name]: values } : {}

type OperationFacts = NonNullable<RouteFacts['operation']>

const namedOperations = (operations: readonly OperationFacts[]): object[] => [
  ...new Map(operations.map(({ name, definition }) => [name, { name, definition }])).values(),
]

const systemOperations = (routes: readonly RouteFacts[]): object[] =>
  namedOperations(
    routes.filter(({ level }) => level === 'system').flatMap(({ operation }) => operation ?? []),
  )

/** Returns the operations of a type, operations for every type included. */
const operationsOf = (routes: readonly RouteFacts[], type: string): object[] => {
  const served = routes.filter(({ level }) => level !== 'system').flatMap(({ operation }) => operation ?? [])
  return namedOperations(served.filter(({ types }) => types?.includes(type) ?? true))
}

/** Returns the profiles of a type that are stored, and the profiles that every resource of the type must meet. */
const profilesFor = (
  type: string,
  { profiles, required }: Rules,
  stored: ReadonlyMap<string, readonly string[]>,
): readonly string[] => [
  ...new Set([...(profiles === 'reject' ? (required[type] ?? []) : []), ...(stored.get(type) ?? [])]),
]

const resourcesOf = (
  routes: readonly RouteFacts[],
  rules: Rules,
  own: readonly Definition[],
  announced: Announced,
): object[] => {
  const stored = profilesByType(announced)
  const reverse = reverseIncludes(own)
  const interaction = codesOf(routes, 'type', 'instance')
  const common = behaviourFlags(routes, rules)
  return resourceTypes.map((type) => ({
    type,
    profile: `http://hl7.org/fhir/StructureDefinition/${type}`,
    ...unlessEmpty('supportedProfile', profilesFor(type, rules, stored)),
    interaction,
    ...common,
    ...unlessEmpty('searchInclude', includesOf(type, own)),
    ...unlessEmpty('searchRevInclude', reverse.get(type) ?? []),
    searchParam: statedParameters(type, own).map(searchParam),
    ...unlessEmpty('operation', operationsOf(routes, type)),
  }))
}

const oauth = ({ authorize, token }: Login): object[] =>
  authorize && token
    ? [
        {
          url: 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris',
          extension: [
            { url: 'authorize', valueUri: authorize },
            { url: 'token', valueUri: token },
          ],
        },
      ]
    : []

const securityService = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'OAuth' }],
  text: 'OAuth 2.0, with the ID tokens of an Amazon Cognito user pool as bearer tokens',
}

const security = (login: Login | undefined): object => ({
  ...unlessEmpty('extension', login ? oauth(login) : []),
  cors: true,
  ...(login && { service: [securityService] }),
})

const headers =
  '`X-Provenance` goes with create, update and patch; `Idempotency-Key` with POST; `Prefer: respond-async` with searches, histories, Bundles and operations.'

/** docs/interactions.md#history — DynamoDB gives no bound for the lag of an index. */
const polling =
  'Histories of a type and of all are listed from indexes that lag, mostly by less than a second and without a bound: who polls by `_since` asks from five minutes before the newest `lastUpdated` that is known, and drops what is known by id and version.'

/** Returns the CapabilityStatement of a service with these routes. */
export const capabilityStatement = (
  routes: readonly RouteFacts[],
  { base, login, rules = defaultRules }: Pick<Context, 'base' | 'login' | 'rules'>,
  own: readonly Definition[] = [],
  announced: Announced = nothingAnnounced,
): object => ({
  resourceType: 'CapabilityStatement',
  url: `${base}/metadata`,
  version: software.version,
  name: software.name,
  title: 'Pilotlight FHIR R4 server',
  status: 'active',
  date: announced.date ?? software.releaseDate,
  publisher: 'Pilotlight',
  kind: 'instance',
  ...unlessEmpty(
    'instantiates',
    announced.claims.flatMap(({ statement }) => statement ?? []),
  ),
  software,
  implementation: { description: 'Pilotlight FHIR R4 server', url: base },
  fhirVersion: '4.0.1',
  format: ['application/fhir+json', 'application/fhir+xml'],
  patchFormat: patchTypes.filter((type) => type.includes('+')),
  ...unlessEmpty(
    'implementationGuide',
    announced.claims.map(({ guide }) => guide),
  ),
  rest: [
    {
      mode: 'server',
      documentation: `${headers} ${polling}`,
      security: security(login),
      resource: resourcesOf(routes, rules, own, announced),
      interaction: codesOf(routes, 'system'),
      searchParam: [
        { name: '_type', type: 'token', documentation: 'The types to search, where none is named.' },
      ],
      ...unlessEmpty('operation', systemOperations(routes)),
      compartment: compartmentTypes.map(compartmentUrl),
    },
  ],
})

/** The texts by base URL, rules, definitions and announcement: nothing else of a text changes while a process lives. */
const capabilityTexts = new Map<string, string>()

const textFor = async ({ routes, ...context }: Dispatch): Promise<string> => {
  const [definitions, announcement] = await Promise.all([
    context.reader.definitions(),
    context.reader.announcement(),
  ])
  const versions = `${definitions.version} ${announcement.version}`
  const key = `${context.base} ${JSON.stringify(context.rules)} ${context.tenant} ${versions}`
  const statement = async () =>
    capabilityStatement(await routes(), context, definitionsIn(definitions), announcedIn(announcement))
  const text =
    capabilityTexts.get(key) ?? JSON.stringify(await statement()).replaceAll(canonicalBase, context.base)
  if (capabilityTexts.size < 8) capabilityTexts.set(key, text)
  return text
}

const terminologyText = async (context: Context): Promise<string> => {
  const { terminologyCapabilities } = await import('./terminology-capabilities.ts')
  return JSON.stringify(terminologyCapabilities(context))
}

type TextFor = (context: Dispatch) => Promise<string>
const capabilityModes = { full: textFor, normative: textFor, terminology: terminologyText } as const

const capabilityModeOf = ({ query }: Call): TextFor => {
  const mode = query.findLast(([name]) => name === 'mode')?.[1] ?? 'full'
  if (Object.hasOwn(capabilityModes, mode)) return capabilityModes[mode as keyof typeof capabilityModes]
  const known = Object.keys(capabilityModes).map((each) => `\`${each}\``)
  throw failure('unsupported', `\`mode=${mode}\` is not supported. Use ${known.join(', ')}.`)
}

const typeOf = (text: string): string => /"resourceType":"(\w+)"/.exec(text)?.[1] ?? ''

export const capabilities: Interaction = async (call, context) => {
  checkQuery(call, 'mode')
  const text = await capabilityModeOf(call)(context)
  const cut = await cutFor({ ...call, type: typeOf(text) })
  const shown = cut({ type: typeOf(text), text })
  const print = hashOf(shown)
  const isKnown = etagNames(call.headers['if-none-match'] ?? '').includes(print)
  return { status: isKnown ? 304 : 200, text: isKnown ? '' : shown, headers: { ETag: `W/"${print}"` } }
}
