/** https://hl7.org/fhir/R4/resource-operation-validate.html */

import { accessIssues } from '../auth/authorise.ts'
import type { Resource } from '../fhir/definitions.ts'
import { itemTexts, memberText } from '../fhir/json/splice.ts'
import { read } from '../interactions/read.ts'
import { error, failure, type Issue } from '../outcome/failure.ts'
import { wrongType } from '../outcome/messages.ts'
import { outcomeText } from '../outcome/outcome.ts'
import { type Body, bodyOf } from '../request/body.ts'
import type { Answer, Call, Interaction } from '../request/call.ts'
import type { Context } from '../request/context.ts'
import { isDefinition, keepsReferred, validateOptionsOf } from '../write/policy/policy.ts'
import type { Operation, OperationDefinition } from './support/operation.ts'

const definition: OperationDefinition = {
  url: 'http://hl7.org/fhir/OperationDefinition/Resource-validate',
  code: 'validate',
  affectsState: false,
  type: true,
  instance: true,
  parameter: [
    { name: 'resource', use: 'in', min: 0, max: '1', type: 'Resource' },
    { name: 'mode', use: 'in', min: 0, max: '1', type: 'code' },
    { name: 'profile', use: 'in', min: 0, max: '1', type: 'uri' },
    { name: 'return', use: 'out', min: 1, max: '1', type: 'OperationOutcome' },
  ],
}

const modes = ['create', 'update', 'delete', 'profile'] as const
type Mode = (typeof modes)[number]

/** What is to be judged, and for what. */
interface Asked {
  /** Absent where what is stored is to be judged. */
  body: Body | undefined
  mode: Mode | undefined
  profile: string | undefined
}

const modeOf = (text: string | undefined): Mode | undefined => {
  const mode = modes.find((each) => each === text)
  if (text !== undefined && !mode)
    throw failure('invalid', `\`mode\` takes ${modes.join(', ')}, not \`${text}\`.`, 'mode')
  return mode
}

/** Returns the text of the part `resource`, with its numbers as they were written. */
const wrappedText = (text: string): string => {
  const parts = itemTexts(text, 'parameter')
  return parts.map((part) => memberText(part, 0, 'resource')).find((own) => own !== undefined) ?? '{}'
}

/** The resource comes bare, or as a part of Parameters. */
const askedIn = async (call: Call): Promise<Asked> => {
  const { type, body } = call
  const bare = body.trim() === '' ? undefined : bodyOf(body, `a ${type} or Parameters`)
  const isWrapped = bare?.resource.resourceType === 'Parameters' && type !== 'Parameters'
  const { readInput } = await import('./support/input.ts')
  const input = readInput(definition, isWrapped ? call : { ...call, body: '' })
  const resource = input.object<Resource>('resource')
  return {
    body: isWrapped ? resource && { resource, text: wrappedText(body) } : bare,
    mode: modeOf(input.text('mode')),
    profile: input.text('profile'),
  }
}

const checkAsked = ({ mode, body }: Asked, { id }: Call): void => {
  if ((mode === 'update' || mode === 'delete') && id === '')
    throw failure('invalid', `\`mode=${mode}\` is about one resource: \`[type]/[id]/$validate\`.`, 'mode')
  if (mode === 'create' && id !== '')
    throw failure(
      'invalid',
      '`mode=create` is about a resource that is not there yet: `[type]/$validate`.',
      'mode',
    )
  if (!body && id === '')
    throw failure(
      'required',
      'There is no resource to validate: neither as the body nor as a part `resource` of Parameters.',
      'Parameters.parameter',
    )
}

/** What R4 itself says, advice included. */
const byItself = async (
  body: Body,
  { mode }: Asked,
  { type, id }: Call,
  context: Context,
): Promise<Issue[]> => {
  const { addressedIssues, bodyIssues, stampedBy } = await import('../write/request/verify.ts')
  const { adviceOn } = await import('../validate/advice.ts')
  const { deliveryAdvice } = await import('../write/policy/subscription.ts')
  const options = { ...validateOptionsOf(context), warnings: true }
  const own = id === '' ? bodyIssues(body, type, options) : addressedIssues(body, type, id, options)
  const isReplaced = stampedBy(mode === 'create' ? 'POST' : mode === 'update' ? 'PUT' : undefined, type)
  return [
    ...own.filter((issue) => !isReplaced(issue)),
    ...adviceOn(body.resource),
    ...deliveryAdvice(body.resource),
  ]
}

const stores = (mode: Mode | undefined): mode is 'create' | 'update' => mode === 'create' || mode === 'update'

/** Returns what else a create or an update is refused for: rights, and a search parameter that cannot be. */
const byPolicy = async (
  { resource }: Body,
  { mode }: Asked,
  { type, id }: Call,
  context: Context,
): Promise<Issue[]> => {
  if (!stores(mode)) return []
  const forbidden = accessIssues(context.principal, mode, type)
  if (!isDefinition({ type })) return forbidden
  const { definitionIssues } = await import('../write/policy/custom-parameters.ts')
  return [...forbidden, ...(await definitionIssues([{ type, id, resource }], context)).flat()]
}

const hasExtensions = /"(?:e|modifierE)xtension"/

/** What the profiles say that it claims, those that all of its type must meet, and the one that is asked for. */
const byProfiles = async (
  { resource, text }: Body,
  { profile, mode }: Asked,
  context: Context,
): Promise<Issue[]> => {
  const required = context.rules?.required[resource.resourceType] ?? []
  const profiles = profile === undefined ? required : [profile, ...required]
  const { claims } = await import('../validate/profile/claims.ts')
  if (profiles.length === 0 && claims(resource).length === 0 && !hasExtensions.test(text)) return []
  const { judgeAll } = await import('../validate/profile/held.ts')
  const asked = { resource, profiles, tell: true, mustSupport: mode === 'profile' }
  return (await judgeAll([asked], context.reader)).flat()
}

/** What the deployment asks of a resource that is to be stored. */
const byReferences = async (
  { resource }: Body,
  { mode }: Asked,
  { type, id }: Call,
  context: Context,
): Promise<Issue[]> => {
  if (context.rules?.references !== 'exist' || !stores(mode)) return []
  const { danglingIssues } = await import('../write/policy/existing-targets.ts')
  return (await danglingIssues([{ type, id, resource }], context)).flat()
}

const judge = async (body: Body, asked: Asked, call: Call, context: Context): Promise<Issue[]> => {
  if (body.resource.resourceType !== call.type) return [wrongType(body.resource.resourceType, call.type)]
  return [
    ...(await byItself(body, asked, call, context)),
    ...(await byPolicy(body, asked, call, context)),
    ...(await byProfiles(body, asked, context)),
    ...(await byReferences(body, asked, call, context)),
  ]
}

/** What is stored is judged where nothing is sent, and must be there where it is to be changed or deleted. */
const stored = (call: Call, context: Context): Promise<Answer> | Answer =>
  read({ ...call, query: [], headers: {} }, context as Parameters<typeof read>[1])

const missing = ({ type, id }: Call): Issue[] => [
  error('not-found', `\`${type}/${id}\` does not exist, so it can be neither changed nor deleted.`),
]

/** Where a deployment keeps what is referred to, it says who refers to it. */
const deletionIssues = async ({ type, id }: Call, context: Context): Promise<readonly Issue[]> => {
  const forbidden = accessIssues(context.principal, 'delete', type)
  if (!keepsReferred(context)) return forbidden
  const { deletionIssues } = await import('../write/policy/integrity.ts')
  return [...forbidden, ...(await deletionIssues({ type, id }, context))]
}

const issuesFor = async (asked: Asked, call: Call, context: Context): Promise<readonly Issue[]> => {
  const { mode } = asked
  const needsStored = call.id !== '' && (mode === 'update' || mode === 'delete' || !asked.body)
  const answer = needsStored ? await stored(call, context) : undefined
  if (answer?.issues) return mode ? missing(call) : answer.issues
  if (mode === 'delete') return deletionIssues(call, context)
  const text = answer?.version?.text ?? '{}'
  const body = asked.body ?? { resource: JSON.parse(text) as Resource, text }
  return [...(await judge(body, asked, call, context)), ...(await bindingsIn(body, context))]
}

/** What takes terminology to judge is judged here alone, and loaded with the first call. */
const bindingsIn = async ({ resource }: Body, { reader }: Context): Promise<Issue[]> => {
  const [{ bindingIssues }, { codeValidator }] = await Promise.all([
    import('../validate/bindings.ts'),
    import('../terminology/value-sets/validate-code.ts'),
  ])
  return bindingIssues(resource, codeValidator(reader))
}

const run: Interaction = async (call, context) => {
  const asked = await askedIn(call)
  checkAsked(asked, call)
  return { status: 200, text: outcomeText(await issuesFor(asked, call, context)) }
}

export const validateOperation: Operation = { definition, methods: ['GET', 'POST'], action: 'read', run }
