/**
 * A plus sign in a query means a space; a literal plus sign is written `%2B`:
 * https://url.spec.whatwg.org/#urlencoded-parsing
 */

import type { Resource } from '../../fhir/definitions.ts'
import { Failure } from '../../outcome/failure.ts'
import { plusReadAsSpace } from '../../outcome/messages.ts'
import type { Context } from '../../request/context.ts'
import { matcherOf } from '../../search/search.ts'
import type { Criteria } from '../resolve/criteria.ts'

type Criterion = Criteria['pairs'][number]

/** The maximum of spaces for which every combination is tried; above the maximum, all spaces are replaced at once. */
const maxSpaces = 4

/** Returns the value with some or all of its spaces as plus signs, in every combination. */
const withPluses = (value: string): string[] => {
  const parts = value.split(' ')
  const spaces = parts.length - 1
  if (spaces > maxSpaces) return [parts.join('+')]
  const ways = Array.from({ length: 2 ** spaces - 1 }, (_, i) => i + 1)
  return ways.map((way) =>
    parts.reduce((text, part, i) => `${text}${(way >> (i - 1)) & 1 ? '+' : ' '}${part}`),
  )
}

const meantIn = async (
  [name, value]: Criterion,
  type: string,
  resource: Resource,
  context: Context,
): Promise<string | undefined> => {
  const matches = async (text: string): Promise<boolean> =>
    (await matcherOf(type, [[name, text]], context))(resource)
  if (await matches(value)) return undefined
  for (const text of withPluses(value)) if (await matches(text)) return text
  return undefined
}

/**
 * Fails if the resource meets one of its own criteria only with a plus sign in place of a space: such a condition would
 * never find the resource, and would create a further resource at each repetition.
 */
export const checkPluses = async (
  { type, pairs }: Criteria,
  resource: Resource,
  context: Context,
): Promise<void> => {
  for (const pair of pairs) {
    if (!pair[1].includes(' ')) continue
    const meant = await meantIn(pair, type, resource, context)
    if (meant !== undefined) throw new Failure([plusReadAsSpace(type, pair, meant)])
  }
}
