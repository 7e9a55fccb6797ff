/** https://hl7.org/fhir/R4/resource-operation-meta.html, -meta-add.html and -meta-delete.html */

import { objectText, raw } from '../fhir/json/object-text.ts'
import { topLevelMembers } from '../fhir/json/splice.ts'
import { referenceTo } from '../fhir/references.ts'
import { read } from '../interactions/read.ts'
import { vread } from '../interactions/vread.ts'
import { failure } from '../outcome/failure.ts'
import type { Answer, Call, Interaction } from '../request/call.ts'
import type { Version } from '../store/port.ts'
import { inputPairs, type Operation, type OperationDefinition } from './support/operation.ts'

const result = { name: 'return', use: 'out', min: 1, max: '1', type: 'Meta' } as const

const definition: OperationDefinition = {
  url: 'http://hl7.org/fhir/OperationDefinition/Resource-meta',
  code: 'meta',
  affectsState: false,
  system: true,
  type: true,
  instance: true,
  version: true,
  parameter: [result],
}

const metaChangeDefinition = (code: MetaChange): OperationDefinition => ({
  url: `http://hl7.org/fhir/OperationDefinition/Resource-${code}`,
  code,
  affectsState: true,
  type: false,
  instance: true,
  parameter: [{ name: 'meta', use: 'in', min: 1, max: '1', type: 'Meta' }, result],
})

const metaText = (text: string): string => {
  const member = topLevelMembers(text).findLast(({ name }) => name === 'meta')
  return member ? text.slice(member.valueStart, member.valueEnd) : '{}'
}

const metaOf = ({ text }: Version): Answer => {
  const part = objectText({ name: 'return', valueMeta: raw(metaText(text)) })
  return { status: 200, text: objectText({ resourceType: 'Parameters', parameter: raw(`[${part}]`) }) }
}

const runMeta: Interaction = async (call, context) => {
  inputPairs(definition, call)
  if (call.id === '') return (await import('./support/labels.ts')).labelsInUse(call.type, context)
  const reading = call.version === '' ? read : vread
  const answer = await reading({ ...call, query: [], headers: {} }, context)
  return answer.version && !answer.issues ? metaOf(answer.version) : answer
}

type MetaChange = 'meta-add' | 'meta-delete'
type MetaMembers = Record<string, unknown>

const givenMeta = async (own: OperationDefinition, call: Call): Promise<MetaMembers> => {
  const [{ readInput }, { checkStructure }] = await Promise.all([
    import('./support/input.ts'),
    import('./support/structure-check.ts'),
  ])
  await checkStructure(call.body)
  const meta = readInput(own, call).object<MetaMembers>('meta')
  if (meta) return meta
  throw failure('required', 'The Parameters hold no `meta` with a `valueMeta`.', 'Parameters.parameter')
}

const metaChangeBy =
  (own: OperationDefinition, code: MetaChange): Interaction =>
  async (call, context) => {
    const { type, id, headers } = call
    const patch = { operation: code, meta: await givenMeta(own, call) }
    const path = referenceTo({ type, id })
    const entry = {
      place: '',
      method: 'PATCH',
      path,
      query: [],
      headers,
      fullUrl: undefined,
      body: undefined,
    } as const
    const { applyChange } = await import('../interactions/change.ts')
    const answer = await applyChange({ ...entry, patch }, context)
    return answer.version && !answer.issues ? metaOf(answer.version) : answer
  }

const metaChangeOperation = (code: MetaChange): Operation => {
  const own = metaChangeDefinition(code)
  return { definition: own, methods: ['POST'], action: 'patch', run: metaChangeBy(own, code) }
}

export const metaOperation: Operation = { definition, methods: ['GET', 'POST'], action: 'read', run: runMeta }
export const metaAddOperation = metaChangeOperation('meta-add')
export const metaDeleteOperation = metaChangeOperation('meta-delete')
