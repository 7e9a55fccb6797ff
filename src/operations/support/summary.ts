/** `_summary` and `_elements` for the answers of operations: https://hl7.org/fhir/R4/http.html#parameters */

import {
  applyEdits,
  itemSpans,
  membersAt,
  memberText,
  skipSpace,
  stringAt,
  topLevelMembers,
} from '../../fhir/json/splice.ts'
import { isResourceType } from '../../fhir/types.ts'
import type { Cut } from '../../interactions/result-parameters.ts'
import { failure } from '../../outcome/failure.ts'
import type { Call, Interaction } from '../../request/call.ts'
import type { Operation } from './operation.ts'

const isCut = ([name, value]: readonly [string, string]): boolean =>
  name === '_elements' || (name === '_summary' && value !== 'false')

/** The types from which `_summary` and `_elements` leave nothing out. */
const typesNeverCut: ReadonlySet<string> = new Set(['Parameters', 'OperationOutcome'])

/** Returns whether a type is never cut. Data types, primitive types included, are returned as a part of Parameters. */
const isNeverCut = (type: string | undefined): boolean =>
  type === undefined || typesNeverCut.has(type) || !isResourceType(type)

const returnTypeOf = ({ definition }: Operation): string | undefined =>
  definition.parameter.find(({ name, use }) => use === 'out' && name === 'return')?.type

/**
 * Returns the operation with its answer cut as the query demands; fails with `unknown-parameter` for an answer that is
 * never cut.
 */
export const withSummary = (operation: Operation): Operation => {
  const { definition, run } = operation
  const cut: Interaction = async (call, context) => {
    const asked = call.query.find(isCut)
    if (!asked) return run(call, context)
    const type = returnTypeOf(operation)
    if (type === undefined || isNeverCut(type))
      throw failure(
        'unknown-parameter',
        `\`$${definition.code}\` answers with ${type === 'OperationOutcome' ? type : 'Parameters'}, of which \`${asked[0]}\` leaves nothing out.`,
        asked[0],
      )
    const how = await cutOf(call, type)
    const answer = await run(call, context)
    return answer.text === undefined || answer.issues ? answer : { ...answer, text: how(answer.text) }
  }
  return { ...operation, run: cut }
}

const cutOf = async (call: Call, type: string): Promise<(text: string) => string> => {
  const { cutFor } = await import('../../interactions/result-parameters.ts')
  if (type !== 'Bundle') {
    const cut = await cutFor({ ...call, type })
    return (text) => cut({ type, text })
  }
  const cut = await cutFor(call)
  return (text) => cutEntries(text, cut)
}

const cutEntries = (text: string, cut: Cut): string => {
  const list = topLevelMembers(text).find(({ name }) => name === 'entry')
  const entries = list ? itemSpans(text, list.valueStart) : []
  const edits = entries.flatMap(({ start }) => {
    const resource = membersAt(text, skipSpace(text, start)).find(({ name }) => name === 'resource')
    if (!resource) return []
    const { valueStart, valueEnd } = resource
    const own = text.slice(valueStart, valueEnd)
    const named = memberText(own, 0, 'resourceType') ?? ''
    const type = stringAt(named, 0, named.length)
    return type === 'OperationOutcome'
      ? []
      : [{ start: valueStart, end: valueEnd, text: cut({ type, text: own }) }]
  })
  return applyEdits(text, edits)
}
