/** https://hl7.org/fhir/R4/http.html#ccreate, #cond-update and #3.1.0.7.1 */

import { Failure, isKind } from '../../outcome/failure.ts'
import { emptyCriteria, notACriterion, otherCriteria } from '../../outcome/messages.ts'
import type { Context } from '../../request/context.ts'
import { resultParameters } from '../../request/query-text.ts'
import { findMatching } from '../../search/search.ts'
import type { Lock, Version } from '../../store/port.ts'

/** The condition that selects a resource by its properties. */
export interface Criteria {
  type: string
  pairs: readonly (readonly [name: string, value: string])[]
}

/**
 * Parameters about the return of resources, which have no place in a condition: https://hl7.org/fhir/R4/http.html#trules
 */
const returning = /^_(sort|count|include|revinclude|total|cursor|explain)(:|$)/

/**
 * Returns the criteria in a query. Fails for a query without criteria, which would match everything, and for a parameter
 * about the answer.
 */
export const criteriaFrom = (type: string, query: Criteria['pairs']): Criteria => {
  const pairs = query.filter(([name]) => !resultParameters.has(name))
  if (pairs.length === 0) throw new Failure([emptyCriteria(type)])
  const wrong = pairs.find(([name]) => returning.test(name))
  if (wrong) throw new Failure([notACriterion(wrong[0])])
  return { type, pairs }
}

/**
 * Returns the criteria in a query string, which may begin with a question mark, the type or the type's whole address, as
 * HAPI's client writes; fails for another type.
 */
export const criteriaOf = (type: string, query: string): Criteria => {
  const [, named = '', rest = query] = /^([^?=&]*)\?(.*)$/s.exec(query) ?? []
  if (named !== '' && named.split('/').at(-1) !== type) throw new Failure([otherCriteria(type, query)])
  return criteriaFrom(type, [...new URLSearchParams(rest)])
}

const spelledPair = ([name, value]: readonly [string, string]): string => `${name}=${value}`

/** Returns the name of criteria: the same for criteria with the same meaning, in whatever order they were written. */
export const criteriaName = ({ type, pairs }: Criteria): string =>
  `${type}?${pairs.map(spelledPair).sort().join('&')}`

/** Returns up to `limit` resources that the criteria match. */
export const findByCriteria = (criteria: Criteria, context: Context, limit = 2): Promise<Version[]> =>
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
 * Runs the work while the names are locked, so that no concurrent writer creates a resource for the same criteria.
 * Returns undefined if the names stayed locked for too long: by then another writer may have created the resource.
 */
export const whileLocked = async <T>(
  names: readonly string[],
  context: Context,
  work: (lock: Lock) => Promise<T>,
): Promise<T | undefined> => {
  const lock = await tryLock(names, context)
  if (!lock) return undefined
  try {
    return await work(lock)
  } finally {
    // A committed write stays committed: a name that cannot be released becomes free at the end of its lease.
    await context.store.release(lock).catch(() => undefined)
  }
}
