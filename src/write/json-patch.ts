/** https://www.rfc-editor.org/rfc/rfc6902 and https://hl7.org/fhir/R4/http.html#patch */

import { applyPatch, type Operation } from 'rfc6902'
import { type Failure, failure } from '../outcome/failure.ts'
import { parseJson } from './body.ts'
import { holdsMark, parseKeeping, printKeeping } from './digits.ts'
import type { Patcher } from './patch.ts'

const names = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])

const refused = (position: number, why: string): Failure =>
  failure('invariant', `Operation ${position} of the patch does not apply: ${why} Nothing was changed.`)

const described: Readonly<Record<string, string>> = {
  MissingError: 'there is nothing at its path.',
  TestError: 'the value at its path is another one.',
  InvalidOperationError: 'it is no operation of JSON Patch.',
}

const isOperation = (value: unknown): value is Operation => {
  if (typeof value !== 'object' || value === null) return false
  const { op, path, from } = value as Record<string, unknown>
  const needsFrom = op === 'move' || op === 'copy'
  return names.has(String(op)) && typeof path === 'string' && (!needsFrom || typeof from === 'string')
}

const operationsOf = (patch: string): Operation[] => {
  if (holdsMark(patch))
    throw failure('invalid', 'The patch holds the character U+0000, which FHIR does not allow.')
  parseJson(patch)
  const operations = parseKeeping(patch)
  if (!Array.isArray(operations) || operations.length === 0)
    throw failure('malformed', 'A JSON Patch is an array of operations, at least one.')
  const wrong = operations.findIndex((operation) => !isOperation(operation))
  if (wrong >= 0)
    throw failure(
      'malformed',
      `Operation ${wrong} of the patch needs \`op\` (${[...names].join(', ')}) and \`path\`.`,
    )
  return operations
}

/** Returns what changes a JSON text as the patch says, numbers with their digits; that fails at the first operation that cannot be done. */
export const jsonPatcher = (patch: string): Patcher => {
  operationsOf(patch)
  return (text) => jsonPatched(text, patch)
}

const jsonPatched = (text: string, patch: string): string => {
  const value = parseKeeping(text)
  // The patch is read anew: applying it moves parts of it into the value.
  const results = applyPatch(value, operationsOf(patch))
  const wrong = results.findIndex((result) => result !== null)
  if (wrong >= 0) throw refused(wrong, described[results[wrong]?.name ?? ''] ?? 'it cannot be done.')
  return printKeeping(value)
}
