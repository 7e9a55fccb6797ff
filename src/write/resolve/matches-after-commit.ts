/** The matches of criteria after the commit of the same transaction: https://hl7.org/fhir/R4/http.html#trules */

import type { Resource } from '../../fhir/definitions.ts'
import { distinctResources, referenceTo } from '../../fhir/references.ts'
import { each } from '../../fhir/values.ts'
import { error, type Issue } from '../../outcome/failure.ts'
import type { Context } from '../../request/context.ts'
import { matcherOf } from '../../search/search.ts'
import { inParallel } from '../../store/parallel.ts'
import type { ResourceKey } from '../../store/port.ts'
import { bodyIn, type Change, type Target, type Targets } from '../request/change.ts'
import { type Criteria, criteriaName, findByCriteria } from './criteria.ts'

/** A resource as the transaction leaves it; undefined for a deletion. */
interface RemainingResource {
  change: Change
  /** The position of the change. */
  at: number
  target: Target
  resource: Resource | undefined
}

/**
 * Returns the resources that the transaction creates, updates or deletes. Resources found by a conditional create are
 * unchanged, and the result of a patch is not known yet.
 */
const remainingAfter = (changes: readonly Change[], targets: Targets): RemainingResource[] =>
  changes.flatMap((change, at): RemainingResource[] => {
    const target = targets[at]
    if (!target || change.kind === 'read' || change.kind === 'patch') return []
    if (change.kind === 'create' && target.found) return []
    const body = bodyIn(change)
    return [{ change, at, target, resource: body && { ...body.resource, id: target.id } }]
  })

const identifiersOf = ({ resource, target }: RemainingResource): string[] =>
  each(resource?.identifier as unknown).map((identifier) => {
    const { value } = identifier as { value?: unknown }
    return `${target.type}|${value}`
  })

/**
 * Returns the criteria's identifier, such as `Patient|1`. Most criteria are an identifier, and a resource without the
 * identifier cannot match.
 */
const identifierIn = ({ type, pairs }: Criteria): string | undefined => {
  const value = pairs.find(([name]) => name === 'identifier')?.[1]
  const [, code] = /^[^,\\|]*\|([^,\\|]+)$/.exec(value ?? '') ?? []
  return code && `${type}|${code}`
}

/**
 * Returns a function from criteria to the resources that could match, without a pass through all resources at each call.
 */
const candidatesAmong = (
  left: readonly RemainingResource[],
): ((criteria: Criteria) => readonly RemainingResource[]) => {
  const byType = Map.groupBy(left, ({ target }) => target.type)
  const named = left.flatMap((one) => identifiersOf(one).map((name) => ({ name, one })))
  const byIdentifier = new Map(
    [...Map.groupBy(named, ({ name }) => name)].map(([name, all]) => [name, all.map(({ one }) => one)]),
  )
  return (criteria) => {
    const identifier = identifierIn(criteria)
    return (identifier ? byIdentifier.get(identifier) : byType.get(criteria.type)) ?? []
  }
}

/** Returns a function from criteria to their matches after the commit, at most two. */
export const matchesAfterCommit = (
  changes: readonly Change[],
  targets: Targets,
  context: Context,
): ((criteria: Criteria) => Promise<readonly ResourceKey[]>) => {
  const prepare = () => {
    const left = remainingAfter(changes, targets)
    const known = left.filter(({ target }) => !target.fresh)
    return {
      candidates: candidatesAmong(left),
      changed: new Set(known.map(({ target }) => referenceTo(target))),
    }
  }
  // Prepared at the first call, since most transactions have no such criteria.
  let prepared: ReturnType<typeof prepare> | undefined
  return async (criteria) => {
    prepared ??= prepare()
    const { candidates, changed } = prepared
    const stored = await findByCriteria(criteria, context, 2 + changed.size)
    const unchanged = stored.filter((version) => !changed.has(referenceTo(version)))
    const own = candidates(criteria)
    if (own.length === 0) return unchanged.slice(0, 2)
    const matches = await matcherOf(criteria.type, criteria.pairs, context)
    const made = own.flatMap(({ target, resource }) => (resource && matches(resource) ? [target] : []))
    return distinctResources<ResourceKey>([...unchanged, ...made]).slice(0, 2)
  }
}

const conditionConflict = (change: Change, criteria: Criteria): Issue =>
  error(
    'invalid',
    `\`${criteriaName(criteria)}\` matches what another entry makes; a transaction may change a resource once.`,
    change.place,
  )

const parallelConditions = 16

/** Returns the criteria of a conditional update or patch. */
const updateCriteria = (change: Change): Criteria | undefined =>
  change.kind === 'update' || change.kind === 'patch' ? change.criteria : undefined

/**
 * Returns issues for the criteria that match a resource created by another entry: in R4's order of processing that
 * resource exists first.
 */
export const conditionConflicts = async (
  changes: readonly Change[],
  targets: Targets,
  context: Context,
): Promise<Issue[]> => {
  if (!changes.some(updateCriteria)) return []
  const candidates = candidatesAmong(remainingAfter(changes, targets).filter(({ target }) => target.fresh))
  const issues = await inParallel(parallelConditions, changes, async (change, at): Promise<Issue[]> => {
    const criteria = updateCriteria(change)
    if (!criteria) return []
    const others = candidates(criteria).filter(
      (other) => other.at !== at && (other.change.kind === 'create' || other.at < at),
    )
    if (others.length === 0) return []
    const matches = await matcherOf(criteria.type, criteria.pairs, context)
    const isMade = others.some(({ resource }) => resource && matches(resource))
    return isMade ? [conditionConflict(change, criteria)] : []
  })
  return issues.flat()
}
