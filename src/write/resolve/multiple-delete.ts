/** https://hl7.org/fhir/R4/http.html#3.1.0.7.1 — a deletion of all that match becomes a deletion of each. */

import { Failure } from '../../outcome/failure.ts'
import { tooManyMatches } from '../../outcome/messages.ts'
import type { Context } from '../../request/context.ts'
import { inPlaceLater } from '../patch/patched.ts'
import type { Wish } from '../request/change.ts'
import { type Criteria, matching } from './criteria.ts'

const each = async (wish: Wish, criteria: Criteria, most: number, context: Context): Promise<Wish[]> => {
  const matches = await matching(criteria, context, most + 1)
  if (matches.length > most) throw new Failure([tooManyMatches(wish.type, most)])
  const { criteria: _, most: __, ...rest } = wish
  return matches.length === 0 ? [wish] : matches.map((match) => ({ ...rest, match }))
}

/** Returns the wishes, and for each the position of the one that it comes from. */
export const spread = async (
  wishes: readonly Wish[],
  context: Context,
): Promise<{ wishes: readonly Wish[]; from: readonly number[] }> => {
  const parts = await Promise.all(
    wishes.map((wish) =>
      wish.criteria && wish.most !== undefined
        ? inPlaceLater(wish.place, each(wish, wish.criteria, wish.most, context))
        : [wish],
    ),
  )
  return { wishes: parts.flat(), from: parts.flatMap((part, i) => part.map(() => i)) }
}
