/** OperationDefinitions of the operations in the registry: https://hl7.org/fhir/R4/operationdefinition.html */

import { read } from '../../interactions/read.ts'
import { type Answer, canonicalBase, type Interaction } from '../../request/call.ts'
import { operations } from '../registry.ts'
import type { OperationDefinition } from './operation.ts'

const type = 'OperationDefinition'

const idOf = ({ url }: OperationDefinition): string => url.slice(url.lastIndexOf('/') + 1)

const definitionName = (id: string): string =>
  id
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')

const definitionResource = (definition: OperationDefinition, base: string): object => {
  const { url, code, resource, affectsState, system = false, type: onType, instance, parameter } = definition
  const id = idOf(definition)
  return {
    resourceType: type,
    id,
    url: `${base}/${type}/${id}`,
    name: definitionName(id),
    status: 'active',
    kind: 'operation',
    affectsState,
    code,
    // An operation of R4 may be served with fewer parameters than R4 defines.
    ...(url.startsWith(canonicalBase) ? {} : { base: url }),
    resource: resource ?? ['Resource'],
    system,
    type: onType,
    instance,
    parameter,
  }
}

const servedDefinition = (id: string, base: string): Answer | undefined => {
  const found = operations.find(({ definition }) => idOf(definition) === id)
  return found && { status: 200, text: JSON.stringify(definitionResource(found.definition, base)) }
}

/** Reads an OperationDefinition: the stored resource, or else the definition of a served operation. */
export const definition: Interaction = async (call, context) => {
  const answer = await read({ ...call, type }, context)
  return answer.status === 404 ? (servedDefinition(call.id, context.base) ?? answer) : answer
}
