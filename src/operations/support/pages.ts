/** What is asked of a page of `$everything`, https://hl7.org/fhir/R4/patient-operation-everything.html */

import { isResourceType } from '../../fhir/types.ts'
import { type Failure, failure } from '../../outcome/failure.ts'
import { noSuchType } from '../../outcome/messages.ts'
import type { Pairs } from '../../request/call.ts'
import { pageLimits } from '../../search/scope.ts'
import type { Version } from '../../store/port.ts'

const defaultCount = 200
const maxCount = 1000

/** Returns the last value of a parameter. */
export const lastOf = (pairs: Pairs, name: string): string | undefined =>
  pairs.findLast(([key]) => key === name)?.[1]

/** Returns how many resources a page has at the most. */
export const countOf = (pairs: Pairs): number => {
  const text = lastOf(pairs, '_count') ?? String(defaultCount)
  if (!/^[1-9]\d*$/.test(text))
    throw failure('invalid', `\`_count=${text}\` is not a number from 1 to ${maxCount}.`, '_count')
  return Math.min(Number(text), maxCount)
}

/** Returns the types that are wanted; none where all are. */
export const typesOf = (pairs: Pairs): ReadonlySet<string> => {
  const types = pairs.filter(([name]) => name === '_type').flatMap(([, value]) => value.split(','))
  const unknown = types.find((type) => !isResourceType(type))
  if (unknown !== undefined) throw noSuchType(unknown)
  return new Set(types)
}

/** Returns the instant since which a change counts, in UTC. */
export const sinceOf = (pairs: Pairs): string | undefined => {
  const text = lastOf(pairs, '_since')?.replace(' ', '+')
  if (text === undefined) return undefined
  if (Number.isNaN(Date.parse(text)))
    throw failure('invalid', `\`_since=${text}\` is not an instant.`, '_since')
  return new Date(text).toISOString()
}

/** As many characters of resources as a page of a search may have. */
export const mostCharacters = pageLimits.characters

/** Returns how many characters resources have together. */
export const sizeOf = (versions: readonly Version[]): number =>
  versions.reduce((sum, { text }) => sum + text.length, 0)

export const badCursor = (): Failure =>
  failure('invalid', '`_cursor` is not one that this server gave. Begin anew without it.', '_cursor')
