/** A deletion of all matches becomes a deletion of each match: https://hl7.org/fhir/R4/http.html#3.1.0.7.1 */

import { Failure } from '../../outcome/failure.ts'
import { tooManyMatches } from '../../outcome/messages.ts'
import type { Context } from '../../request/context.ts'
import { inPlaceLater } from '../patch/patched.ts'
import type { Change, DeleteChange } from '../request/change.ts'
import { type Criteria, findByCriteria } from './criteria.ts'

const deletionsOf = async (
  change: DeleteChange,
  criteria: Criteria,
  maxMatches: number,
  context: Context,
): Promise<DeleteChange[]> => {
  const matches = await findByCriteria(criteria, context, maxMatches + 1)
  if (matches.length > maxMatches) throw new Failure([tooManyMatches(change.type, maxMatches)])
  const { criteria: _, maxMatches: __, ...rest } = change
  return matches.length === 0 ? [change] : matches.map((match) => ({ ...rest, match }))
}

/** Returns the expanded changes, and for each the position of its original change. */
export const expandMultipleDelete = async (
  changes: readonly Change[],
  context: Context,
): Promise<{ changes: readonly Change[]; from: readonly number[] }> => {
  const parts = await Promise.all(
    changes.map((change) =>
      change.kind === 'delete' && change.criteria && change.maxMatches !== undefined
        ? inPlaceLater(change.place, deletionsOf(change, change.criteria, change.maxMatches, context))
        : [change],
    ),
  )
  return { changes: parts.flat(), from: parts.flatMap((part, i) => part.map(() => i)) }
}
