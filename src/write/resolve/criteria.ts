/** https://hl7.org/fhir/R4/http.html#ccreate, #cond-update and #3.1.0.7.1 */

import { Failure, isKind } from '../../outcome/failure.ts'
import { emptyCriteria, notACriterion, otherCriteria } from '../../outcome/messages.ts'
import type { Context } from '../../request/context.ts'
import { findMatching } from '../../search/search.ts'
import type { Lock, Version } from '../../store/port.ts'

/** The condition that names a resource by its properties. */
export interface Criteria {
  type: string
  pairs: readonly (readonly [name: string, value: string])[]
}

/** Parameters that say how to answer, not what to find. */
export const manners: ReadonlySet<string> = new Set(['_format', '_pretty', '_summary', '_elements'])

/** https://hl7.org/fhir/R4/http.html#trules: parameters that control the return of resources have no place in a condition. */
const returning = /^_(sort|count|include|revinclude|total|cursor|explain)(:|$)/

/** Returns the criteria that the pairs of a query are; none at all would match everything, and fail. */
export const criteriaFrom = (type: string, query: Criteria['pairs']): Criteria => {
  const pairs = query.filter(([name]) => !manners.has(name))
  if (pairs.length === 0) throw new Failure([emptyCriteria(type)])
  const wrong = pairs.find(([name]) => returning.test(name))
  if (wrong) throw new Failure([notACriterion(wrong[0])])
  return { type, pairs }
}

/**
 * Returns the criteria that a query string spells. It may begin with a question mark, the type or the type's whole address,
 * as HAPI's client writes it; it fails with another type.
 */
export const criteriaOf = (type: string, query: string): Criteria => {
  const [, named = '', rest = query] = /^([^?=&]*)\?(.*)$/s.exec(query) ?? []
  if (named !== '' && named.split('/').at(-1) !== type) throw new Failure([otherCriteria(type, query)])
  return criteriaFrom(type, [...new URLSearchParams(rest)])
}

const spelled = ([name, value]: readonly [string, string]): string => `${name}=${value}`

/** Returns the one name of all criteria that mean the same, whatever order they were written in. */
export const nameOf = ({ type, pairs }: Criteria): string => `${type}?${pairs.map(spelled).sort().join('&')}`

/** Returns up to `limit` resources that the criteria match. */
export const matching = (criteria: Criteria, context: Context, limit = 2): Promise<Version[]> =>
  findMatching(criteria.type, criteria.pairs, context, limit)

const tryLock = async (names: readonly string[], { store }: Context): Promise<Lock | undefined> => {
  try {
    return await store.lock([...new Set(names)].sort())
  } catch (thrown) {
    if (isKind(thrown, 'conflict')) return undefined
    throw thrown
  }
}

/**
 * Runs the work while holding the names, so that no other writer creates for the same criteria meanwhile.
 * Returns nothing where others held them too long: by now they have perhaps created what is wanted.
 */
export const holding = async <T>(
  names: readonly string[],
  context: Context,
  work: (lock: Lock) => Promise<T>,
): Promise<T | undefined> => {
  const lock = await tryLock(names, context)
  if (!lock) return undefined
  try {
    return await work(lock)
  } finally {
    // What was done stays done: a name that cannot be given back frees itself with its lease.
    await context.store.release(lock).catch(() => undefined)
  }
}
