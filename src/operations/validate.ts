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
import { isDefinition, refusesReferredDeletion, validateOptionsOf } from '../write/policy/policy.ts'
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

const validateModes = ['create', 'update', 'delete', 'profile'] as const
type Mode = (typeof validateModes)[number]

/** A request to validate a resource. */
interface ValidateRequest {
  /** Absent to validate the stored resource. */
  body: Body | undefined
  mode: Mode | undefined
  profile: string | undefined
}

const validateModeOf = (text: string | undefined): Mode | undefined => {
  const mode = validateModes.find((each) => each === text)
  if (text !== undefined && !mode)
    throw failure('invalid', `\`mode\` takes ${validateModes.join(', ')}, not \`${text}\`.`, 'mode')
  return mode
}

/** Returns the text of the part `resource`, with its numbers as they were written. */
const wrappedText = (text: string): string => {
  const parts = itemTexts(text, 'parameter')
  return parts.map((part) => memberText(part, 0, 'resource')).find((own) => own !== undefined) ?? '{}'
}

/** The resource comes bare, or as a part of Parameters. */
const validateRequestIn = async (call: Call): Promise<ValidateRequest> => {
  const { type, body } = call
  const bare = body.trim() === '' ? undefined : bodyOf(body, `a ${type} or Parameters`)
  const isWrapped = bare?.resource.resourceType === 'Parameters' && type !== 'Parameters'
  const { readInput } = await import('./support/input.ts')
  const input = readInput(definition, isWrapped ? call : { ...call, body: '' })
  const resource = input.object<Resource>('resource')
  return {
    body: isWrapped ? resource && { resource, text: wrappedText(body) } : bare,
    mode: validateModeOf(input.text('mode')),
    profile: input.text('profile'),
  }
}

const checkValidateRequest = ({ mode, body }: ValidateRequest, { id }: Call): void => {
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

/** Returns the issues by R4's own rules, advice included. */
const ownRuleIssues = async (
  body: Body,
  { mode }: ValidateRequest,
  { type, id }: Call,
  context: Context,
): Promise<Issue[]> => {
  const { addressedIssues, bodyIssues, stampedIssueTest } = await import('../write/request/verify.ts')
  const { adviceOn } = await import('../validate/advice.ts')
  const { deliveryAdvice } = await import('../write/policy/subscription.ts')
  const options = { ...validateOptionsOf(context), warnings: true }
  const own = id === '' ? bodyIssues(body, type, options) : addressedIssues(body, type, id, options)
  const isReplaced = stampedIssueTest(
    mode === 'create' ? 'POST' : mode === 'update' ? 'PUT' : undefined,
    type,
  )
  return [
    ...own.filter((issue) => !isReplaced(issue)),
    ...adviceOn(body.resource),
    ...deliveryAdvice(body.resource),
  ]
}

const stores = (mode: Mode | undefined): mode is 'create' | 'update' => mode === 'create' || mode === 'update'

/** Returns further reasons to refuse a create or an update: missing rights, and an impossible search parameter. */
const rightsAndDefinitionIssues = async (
  { resource }: Body,
  { mode }: ValidateRequest,
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

/** Returns the issues by profiles: claimed by the resource, required of its type, and named in the request. */
const profileIssuesFor = async (
  { resource, text }: Body,
  { profile, mode }: ValidateRequest,
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

/** Returns the issues of dangling references, in a deployment that demands existing targets. */
const danglingIssuesFor = async (
  { resource }: Body,
  { mode }: ValidateRequest,
  { type, id }: Call,
  context: Context,
): Promise<Issue[]> => {
  if (context.rules?.references !== 'exist' || !stores(mode)) return []
  const { danglingIssues } = await import('../write/policy/existing-targets.ts')
  return (await danglingIssues([{ type, id, resource }], context)).flat()
}

const issuesOfBody = async (
  body: Body,
  asked: ValidateRequest,
  call: Call,
  context: Context,
): Promise<Issue[]> => {
  if (body.resource.resourceType !== call.type) return [wrongType(body.resource.resourceType, call.type)]
  return [
    ...(await ownRuleIssues(body, asked, call, context)),
    ...(await rightsAndDefinitionIssues(body, asked, call, context)),
    ...(await profileIssuesFor(body, asked, context)),
    ...(await danglingIssuesFor(body, asked, call, context)),
  ]
}

/** Reads the stored resource: validated if no resource was sent, and necessary for an update or a deletion. */
const readStored = (call: Call, context: Context): Promise<Answer> | Answer =>
  read({ ...call, query: [], headers: {} }, context as Parameters<typeof read>[1])

const missingResource = ({ type, id }: Call): Issue[] => [
  error('not-found', `\`${type}/${id}\` does not exist, so it can be neither changed nor deleted.`),
]

/**
 * Returns the reasons to refuse a deletion: missing rights and, in a deployment with referential integrity, the referring
 * resources.
 */
const deletionIssuesFor = async ({ type, id }: Call, context: Context): Promise<readonly Issue[]> => {
  const forbidden = accessIssues(context.principal, 'delete', type)
  if (!refusesReferredDeletion(context)) return forbidden
  const { referrerIssues } = await import('../write/policy/integrity.ts')
  return [...forbidden, ...(await referrerIssues({ type, id }, context))]
}

const issuesFor = async (asked: ValidateRequest, call: Call, context: Context): Promise<readonly Issue[]> => {
  const { mode } = asked
  const needsStored = call.id !== '' && (mode === 'update' || mode === 'delete' || !asked.body)
  const answer = needsStored ? await readStored(call, context) : undefined
  if (answer?.issues) return mode ? missingResource(call) : answer.issues
  if (mode === 'delete') return deletionIssuesFor(call, context)
  const text = answer?.version?.text ?? '{}'
  const body = asked.body ?? { resource: JSON.parse(text) as Resource, text }
  return [...(await issuesOfBody(body, asked, call, context)), ...(await terminologyIssues(body, context))]
}

/**
 * Returns the issues by terminology. No interaction but this operation judges by terminology, so the code is loaded with
 * the first call.
 */
const terminologyIssues = async ({ resource }: Body, { reader }: Context): Promise<Issue[]> => {
  const [{ bindingIssues }, { codeValidator }] = await Promise.all([
    import('../validate/bindings.ts'),
    import('../terminology/value-sets/validate-code.ts'),
  ])
  return bindingIssues(resource, codeValidator(reader))
}

const runValidate: Interaction = async (call, context) => {
  const asked = await validateRequestIn(call)
  checkValidateRequest(asked, call)
  return { status: 200, text: outcomeText(await issuesFor(asked, call, context)) }
}

export const validateOperation: Operation = {
  definition,
  methods: ['GET', 'POST'],
  action: 'read',
  run: runValidate,
}
