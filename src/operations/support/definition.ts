/** https://hl7.org/fhir/R4/operationdefinition.html — what an operation takes here, as the registry says. */

import { read } from '../../interactions/read.ts'
import { type Answer, here, type Interaction } from '../../request/call.ts'
import { operations } from '../registry.ts'
import type { OperationDefinition } from './operation.ts'

const type = 'OperationDefinition'

const idOf = ({ url }: OperationDefinition): string => url.slice(url.lastIndexOf('/') + 1)

const nameOf = (id: string): string =>
  id
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')

const resourceOf = (definition: OperationDefinition, base: string): object => {
  const { url, code, resource, affectsState, system = false, type: onType, instance, parameter } = definition
  const id = idOf(definition)
  return {
    resourceType: type,
    id,
    url: `${base}/${type}/${id}`,
    name: nameOf(id),
    status: 'active',
    kind: 'operation',
    affectsState,
    code,
    // What R4 defines is served with the parameters below, which may be fewer.
    ...(url.startsWith(here) ? {} : { base: url }),
    resource: resource ?? ['Resource'],
    system,
    type: onType,
    instance,
    parameter,
  }
}

const definitionOf = (id: string, base: string): Answer | undefined => {
  const found = operations.find(({ definition }) => idOf(definition) === id)
  return found && { status: 200, text: JSON.stringify(resourceOf(found.definition, base)) }
}

/** Reads an OperationDefinition: one that is stored, or else the one of an operation that is served. */
export const definition: Interaction = async (call, context) => {
  const answer = await read({ ...call, type }, context)
  return answer.status === 404 ? (definitionOf(call.id, context.base) ?? answer) : answer
}
