/** https://hl7.org/fhir/R4/resource-operation-validate.html */

import type { Resource } from '../fhir/definitions.ts'
import type { Answer, Call, Interaction, Pairs } from '../interactions/call.ts'
import { read } from '../interactions/read.ts'
import { error, failure, type Issue } from '../outcome/failure.ts'
import { wrongType } from '../outcome/messages.ts'
import { outcomeText } from '../outcome/outcome.ts'
import { type Body, bodyOf, isResource } from '../write/body.ts'
import type { Context } from '../write/context.ts'
import { addressedIssues, bodyIssues } from '../write/verify.ts'
import { checkParameters, type Operation, type OperationDefinition, partsOf } from './operation.ts'

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
  resource: Resource | undefined
  mode: Mode | undefined
  profile: string | undefined
}

const modeOf = (text: string | undefined): Mode | undefined => {
  const mode = modes.find((each) => each === text)
  if (text !== undefined && !mode)
    throw failure('invalid', `\`mode\` takes ${modes.join(', ')}, not \`${text}\`.`, 'mode')
  return mode
}

const last = (query: Pairs, name: string): string | undefined => query.findLast(([key]) => key === name)?.[1]

const inParameters = (parameters: Resource, query: Pairs): Asked => {
  const parts = new Map(partsOf(parameters.parameter).map((part) => [part.name, part]))
  const { resource } = parts.get('resource') ?? {}
  const text = (name: string, value: string): string | undefined => {
    const found = parts.get(name)?.[value]
    return typeof found === 'string' ? found : last(query, name)
  }
  return {
    resource: isResource(resource) ? resource : undefined,
    mode: modeOf(text('mode', 'valueCode')),
    profile: text('profile', 'valueUri') ?? text('profile', 'valueCanonical'),
  }
}

/** The resource comes bare, or as a part of Parameters. */
const askedIn = ({ type, body, query }: Call): Asked => {
  checkParameters(definition, query)
  const own = { mode: modeOf(last(query, 'mode')), profile: last(query, 'profile') }
  if (body.trim() === '') return { ...own, resource: undefined }
  const { resource } = bodyOf(body, `a ${type} or Parameters`)
  return resource.resourceType === 'Parameters' && type !== 'Parameters'
    ? inParameters(resource, query)
    : { ...own, resource }
}

const checkAsked = ({ mode, profile, resource }: Asked, { id }: Call): void => {
  if (profile !== undefined || mode === 'profile')
    throw failure(
      'unsupported',
      'Validation against profiles is not supported. Without `profile`, a resource is judged by R4 itself.',
      'profile',
    )
  if ((mode === 'update' || mode === 'delete') && id === '')
    throw failure('invalid', `\`mode=${mode}\` is about one resource: \`[type]/[id]/$validate\`.`, 'mode')
  if (mode === 'create' && id !== '')
    throw failure(
      'invalid',
      '`mode=create` is about a resource that is not there yet: `[type]/$validate`.',
      'mode',
    )
  if (!resource && id === '')
    throw failure(
      'required',
      'There is no resource to validate: neither as the body nor as a part `resource` of Parameters.',
      'Parameters.parameter',
    )
}

const judge = (body: Body, { type, id }: Call): Issue[] => {
  if (body.resource.resourceType !== type) return [wrongType(body.resource.resourceType, type)]
  return id === '' ? bodyIssues(body, type) : addressedIssues(body, type, id)
}

/** What is stored is judged where nothing is sent, and must be there where it is to be changed or deleted. */
const stored = (call: Call, context: Context): Promise<Answer> | Answer =>
  read({ ...call, query: [], headers: {} }, context as Parameters<typeof read>[1])

const missing = ({ type, id }: Call): Issue[] => [
  error('not-found', `\`${type}/${id}\` does not exist, so it can be neither changed nor deleted.`),
]

const issuesFor = async ({ resource, mode }: Asked, call: Call, context: Context): Promise<Issue[]> => {
  const needsStored = call.id !== '' && (mode === 'update' || mode === 'delete' || !resource)
  const answer = needsStored ? await stored(call, context) : undefined
  if (answer?.issues) return mode ? missing(call) : [...answer.issues]
  if (mode === 'delete') return []
  const text = answer?.version?.text ?? '{}'
  return judge({ resource: resource ?? (JSON.parse(text) as Resource), text }, call)
}

const run: Interaction = async (call, context) => {
  const asked = askedIn(call)
  checkAsked(asked, call)
  return { status: 200, text: outcomeText(await issuesFor(asked, call, context)) }
}

export const validateOperation: Operation = { definition, methods: ['GET', 'POST'], action: 'read', run }
