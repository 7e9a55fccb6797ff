/** https://hl7.org/fhir/R4/resource-operation-meta.html */

import { topLevelMembers } from '../fhir/json.ts'
import { objectText, raw } from '../interactions/bundle-text.ts'
import type { Interaction } from '../interactions/call.ts'
import { read } from '../interactions/read.ts'
import type { Operation, OperationDefinition } from './operation.ts'

const definition: OperationDefinition = {
  url: 'http://hl7.org/fhir/OperationDefinition/Resource-meta',
  code: 'meta',
  affectsState: false,
  type: false,
  instance: true,
  parameter: [{ name: 'return', use: 'out', min: 1, max: '1', type: 'Meta' }],
}

const metaText = (text: string): string => {
  const member = topLevelMembers(text).findLast(({ name }) => name === 'meta')
  return member ? text.slice(member.valueStart, member.valueEnd) : '{}'
}

const run: Interaction = async (call, context) => {
  const answer = await read({ ...call, headers: {} }, context)
  if (!answer.version || answer.issues) return answer
  const part = objectText({ name: 'return', valueMeta: raw(metaText(answer.version.text)) })
  return { status: 200, text: objectText({ resourceType: 'Parameters', parameter: raw(`[${part}]`) }) }
}

export const metaOperation: Operation = { definition, methods: ['GET'], action: 'read', run }
