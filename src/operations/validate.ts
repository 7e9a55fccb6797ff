/** https://hl7.org/fhir/R4/resource-operation-validate.html */

import type { Resource } from '../fhir/definitions.ts'
import type { Call, Interaction } from '../interactions/call.ts'
import { failure } from '../outcome/failure.ts'
import { wrongType } from '../outcome/messages.ts'
import { outcomeText } from '../outcome/outcome.ts'
import { bodyOf, isResource } from '../write/body.ts'
import { addressedIssues, bodyIssues } from '../write/verify.ts'
import type { Operation, OperationDefinition } from './operation.ts'

const definition: OperationDefinition = {
  url: 'http://hl7.org/fhir/OperationDefinition/Resource-validate',
  code: 'validate',
  affectsState: false,
  type: true,
  instance: true,
  parameter: [
    { name: 'resource', use: 'in', min: 1, max: '1', type: 'Resource' },
    { name: 'return', use: 'out', min: 1, max: '1', type: 'OperationOutcome' },
  ],
}

const partsOf = ({ parameter }: Resource): unknown[] => (Array.isArray(parameter) ? parameter : [])

const resourceIn = (parameters: Resource): Resource => {
  const part = partsOf(parameters).find(
    (each) => typeof each === 'object' && each !== null && 'name' in each && each.name === 'resource',
  )
  const resource = (part as { resource?: unknown } | undefined)?.resource
  if (isResource(resource)) return resource
  throw failure(
    'required',
    'The Parameters hold no part `resource` with the resource to validate.',
    'Parameters.parameter',
  )
}

/** The resource comes bare, or as a part of Parameters. */
const subject = ({ type, body }: Call): Resource => {
  const { resource } = bodyOf(body, `a ${type} or Parameters`)
  return resource.resourceType === 'Parameters' && type !== 'Parameters' ? resourceIn(resource) : resource
}

const run: Interaction = async (call) => {
  const resource = subject(call)
  const { type, id } = call
  if (resource.resourceType !== type)
    return { status: 200, text: outcomeText([wrongType(resource.resourceType, type)]) }
  const body = { resource, text: '' }
  const issues = id === '' ? bodyIssues(body, type) : addressedIssues(body, type, id)
  return { status: 200, text: outcomeText(issues) }
}

export const validateOperation: Operation = { definition, methods: ['POST'], action: 'read', run }
