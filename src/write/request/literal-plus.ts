/** https://url.spec.whatwg.org/#urlencoded-parsing — a plus sign in a query is a space; one that is meant is written `%2B`. */

import type { Resource } from '../../fhir/definitions.ts'
import { Failure } from '../../outcome/failure.ts'
import { plusReadAsSpace } from '../../outcome/messages.ts'
import type { Context } from '../../request/context.ts'
import { matcherOf } from '../../search/search.ts'
import type { Criteria } from '../resolve/criteria.ts'

type Pair = Criteria['pairs'][number]

/** Up to so many spaces every combination is tried; of more, all at once. */
const mostSpaces = 4

/** Returns the value with some or all of its spaces as plus signs, in every way. */
const withPluses = (value: string): string[] => {
  const parts = value.split(' ')
  const spaces = parts.length - 1
  if (spaces > mostSpaces) return [parts.join('+')]
  const ways = Array.from({ length: 2 ** spaces - 1 }, (_, i) => i + 1)
  return ways.map((way) =>
    parts.reduce((text, part, i) => `${text}${(way >> (i - 1)) & 1 ? '+' : ' '}${part}`),
  )
}

const meantIn = async (
  [name, value]: Pair,
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
 * Fails where the resource meets a criterion of its own only with a plus sign in place of a space: the condition would
 * never find it, and make another one at every repeat.
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
