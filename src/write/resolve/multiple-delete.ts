/** https://hl7.org/fhir/R4/http.html#3.1.0.7.1 — a deletion of all that match becomes a deletion of each. */

import { Failure } from '../../outcome/failure.ts'
import { tooManyMatches } from '../../outcome/messages.ts'
import type { Context } from '../../request/context.ts'
import { inPlaceLater } from '../patch/patched.ts'
import type { Change, DeleteChange } from '../request/change.ts'
import { type Criteria, matching } from './criteria.ts'

const each = async (
  change: DeleteChange,
  criteria: Criteria,
  most: number,
  context: Context,
): Promise<DeleteChange[]> => {
  const matches = await matching(criteria, context, most + 1)
  if (matches.length > most) throw new Failure([tooManyMatches(change.type, most)])
  const { criteria: _, most: __, ...rest } = change
  return matches.length === 0 ? [change] : matches.map((match) => ({ ...rest, match }))
}

/** Returns the changes, and for each the position of the one that it comes from. */
export const expandMultipleDelete = async (
  changes: readonly Change[],
  context: Context,
): Promise<{ changes: readonly Change[]; from: readonly number[] }> => {
  const parts = await Promise.all(
    changes.map((change) =>
      change.kind === 'delete' && change.criteria && change.most !== undefined
        ? inPlaceLater(change.place, each(change, change.criteria, change.most, context))
        : [change],
    ),
  )
  return { changes: parts.flat(), from: parts.flatMap((part, i) => part.map(() => i)) }
}
