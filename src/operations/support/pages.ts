/** The page parameters of `$everything`: https://hl7.org/fhir/R4/patient-operation-everything.html */

import { isResourceType } from '../../fhir/types.ts'
import { type Failure, failure } from '../../outcome/failure.ts'
import { noSuchType } from '../../outcome/messages.ts'
import type { Pairs } from '../../request/call.ts'
import { lastValue } from '../../request/query-text.ts'
import { pageLimits } from '../../search/scope.ts'
import type { Version } from '../../store/port.ts'

const defaultEverythingCount = 200
const maxEverythingCount = 1000

/** Returns the maximum number of resources on a page; fails with `invalid` unless `_count` is a positive number. */
export const pageCountOf = (pairs: Pairs): number => {
  const text = lastValue(pairs, '_count') ?? String(defaultEverythingCount)
  if (!/^[1-9]\d*$/.test(text))
    throw failure('invalid', `\`_count=${text}\` is not a number from 1 to ${maxEverythingCount}.`, '_count')
  return Math.min(Number(text), maxEverythingCount)
}

/** Returns the wanted types, an empty set for all types; fails for an unknown type. */
export const typesFilter = (pairs: Pairs): ReadonlySet<string> => {
  const types = pairs.filter(([name]) => name === '_type').flatMap(([, value]) => value.split(','))
  const unknown = types.find((type) => !isResourceType(type))
  if (unknown !== undefined) throw noSuchType(unknown)
  return new Set(types)
}

/** Returns the instant of `_since` in UTC; fails with `invalid` for a text that is no instant. */
export const sinceFilter = (pairs: Pairs): string | undefined => {
  const text = lastValue(pairs, '_since')?.replace(' ', '+')
  if (text === undefined) return undefined
  if (Number.isNaN(Date.parse(text)))
    throw failure('invalid', `\`_since=${text}\` is not an instant.`, '_since')
  return new Date(text).toISOString()
}

/** The maximum of characters on a page: the same as for a page of a search. */
export const mostCharacters = pageLimits.characters

/** Returns the number of characters of all these versions. */
export const charactersOf = (versions: readonly Version[]): number =>
  versions.reduce((sum, { text }) => sum + text.length, 0)

export const badCursor = (): Failure =>
  failure('invalid', '`_cursor` is not one that this server gave. Begin anew without it.', '_cursor')
