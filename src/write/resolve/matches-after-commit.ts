/** https://hl7.org/fhir/R4/http.html#trules — what criteria match once the other entries of the same transaction are done. */

import type { Resource } from '../../fhir/definitions.ts'
import { referenceTo } from '../../fhir/references.ts'
import { each } from '../../fhir/values.ts'
import { error, type Issue } from '../../outcome/failure.ts'
import type { Context } from '../../request/context.ts'
import { matcherOf } from '../../search/search.ts'
import { inParallel } from '../../store/parallel.ts'
import type { ResourceKey } from '../../store/port.ts'
import { bodyIn, type Change, type Target } from '../request/change.ts'
import { type Criteria, matching, nameOf } from './criteria.ts'

type Targets = readonly (Target | undefined)[]

/** A resource as the transaction leaves it; without one where it is deleted. */
interface Left {
  change: Change
  /** Which entry it is. */
  at: number
  target: Target
  resource: Resource | undefined
}

/** What is found rather than created stays as it is, and what a patch makes is not known yet. */
const leftBy = (changes: readonly Change[], targets: Targets): Left[] =>
  changes.flatMap((change, at): Left[] => {
    const target = targets[at]
    if (!target || change.kind === 'read' || change.kind === 'patch') return []
    if (change.kind === 'create' && target.found) return []
    const body = bodyIn(change)
    return [{ change, at, target, resource: body && { ...body.resource, id: target.id } }]
  })

const identifiersOf = ({ resource, target }: Left): string[] =>
  each(resource?.identifier as unknown).map((identifier) => {
    const { value } = identifier as { value?: unknown }
    return `${target.type}|${value}`
  })

/** `urn:mrn|1`: most criteria are an identifier, and nothing without it can match. */
const identifierIn = ({ type, pairs }: Criteria): string | undefined => {
  const value = pairs.find(([name]) => name === 'identifier')?.[1]
  const [, code] = /^[^,\\|]*\|([^,\\|]+)$/.exec(value ?? '') ?? []
  return code && `${type}|${code}`
}

/** Returns a function that tells what of a transaction could match criteria, without looking at all of it each time. */
const amongst = (left: readonly Left[]): ((criteria: Criteria) => readonly Left[]) => {
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

/** Returns a function that tells what criteria match once the transaction is done, two at the most. */
export const matchesAfterCommit = (
  changes: readonly Change[],
  targets: Targets,
  context: Context,
): ((criteria: Criteria) => Promise<readonly ResourceKey[]>) => {
  const prepare = () => {
    const left = leftBy(changes, targets)
    const known = left.filter(({ target }) => !target.fresh)
    return { candidates: amongst(left), changed: new Set(known.map(({ target }) => referenceTo(target))) }
  }
  // Most transactions have no such criteria.
  let prepared: ReturnType<typeof prepare> | undefined
  return async (criteria) => {
    prepared ??= prepare()
    const { candidates, changed } = prepared
    const stored = await matching(criteria, context, 2 + changed.size)
    const unchanged = stored.filter((version) => !changed.has(referenceTo(version)))
    const own = candidates(criteria)
    if (own.length === 0) return unchanged.slice(0, 2)
    const matches = await matcherOf(criteria.type, criteria.pairs, context)
    const made = own.flatMap(({ target, resource }) => (resource && matches(resource) ? [target] : []))
    return [...new Map([...unchanged, ...made].map((key) => [referenceTo(key), key])).values()].slice(0, 2)
  }
}

const conditionConflict = (change: Change, criteria: Criteria): Issue =>
  error(
    'invalid',
    `\`${nameOf(criteria)}\` matches what another entry makes; a transaction may change a resource once.`,
    change.place,
  )

const width = 16

/** Returns the criteria of a conditional update or patch. */
const updateCriteria = (change: Change): Criteria | undefined =>
  change.kind === 'update' || change.kind === 'patch' ? change.criteria : undefined

/** Returns the entries whose criteria match what another entry creates: by R4's order that is there before them. */
export const conditionConflicts = async (
  changes: readonly Change[],
  targets: Targets,
  context: Context,
): Promise<Issue[]> => {
  if (!changes.some(updateCriteria)) return []
  const candidates = amongst(leftBy(changes, targets).filter(({ target }) => target.fresh))
  const issues = await inParallel(width, changes, async (change, at): Promise<Issue[]> => {
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
