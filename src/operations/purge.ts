/**
 * `$purge` and `$purge-history` remove versions for good, instead of hiding them behind a later version; for
 * administrators.
 */

import { referenceTo } from '../fhir/references.ts'
import { failure } from '../outcome/failure.ts'
import { notFound } from '../outcome/messages.ts'
import { canonicalBase, type Interaction, issuesAnswer } from '../request/call.ts'
import { inputPairs, type Operation, type OperationDefinition } from './support/operation.ts'

const purgeDefinition = (code: 'purge' | 'purge-history'): OperationDefinition => ({
  url: `${canonicalBase}/OperationDefinition/${code}`,
  code,
  affectsState: true,
  type: false,
  instance: true,
  parameter: [{ name: 'versions', use: 'out', min: 1, max: '1', type: 'integer' }],
})

const checkDeleted = (deleted: boolean, path: string): void => {
  if (!deleted)
    throw failure('conflict', `\`${path}\` is not deleted. Delete it first, or purge only its history.`)
}

const runPurge =
  (definition: OperationDefinition, entirely: boolean): Interaction =>
  async (call, context) => {
    inputPairs(definition, call)
    const { type, id } = call
    const [current] = await context.store.get([{ type, id }])
    if (!current) return issuesAnswer(404, [notFound(type, id)])
    if (entirely) checkDeleted(current.deleted, referenceTo({ type, id }))
    context.note({ purging: referenceTo({ type, id }), entirely, current: current.v })
    const versions = await context.store.purge({ type, id }, entirely)
    context.note({ purged: referenceTo({ type, id }), versions })
    const parameter = [{ name: 'versions', valueInteger: versions }]
    return { status: 200, text: JSON.stringify({ resourceType: 'Parameters', parameter }) }
  }

const purgeOperationOf = (code: 'purge' | 'purge-history'): Operation => {
  const definition = purgeDefinition(code)
  return { definition, methods: ['POST'], action: 'administer', run: runPurge(definition, code === 'purge') }
}

export const purgeHistoryOperation = purgeOperationOf('purge-history')
export const purgeOperation = purgeOperationOf('purge')
