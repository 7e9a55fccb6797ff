/** Follows chains over too many resources from the candidates, rather than resolving them beforehand. */

import { addressOf, containerOf, innerResources } from '../../fhir/contained.ts'
import { failure } from '../../outcome/failure.ts'
import { inParallel } from '../../store/parallel.ts'
import { planQuery } from '../plan/plan.ts'
import {
  type ChainClause,
  type ChainTarget,
  type Clause,
  type HasClause,
  isOpen,
  type Query,
} from '../query.ts'
import { matchCandidates, namedCandidate } from '../run/hydrate.ts'
import { candidateOf, localKey, valuesOf } from '../run/match.ts'
import { readPage } from '../run/run.ts'
import type { Read } from '../scope.ts'
import { addUse, type Follow, isOver, newScope, type Scope, wholeLimits } from '../scope.ts'
import { addressesTo, canonicalTargets, keysNamed } from './canonical.ts'
import { innerQuery } from './chain.ts'

const linkedCandidatesAtOnce = 16

/** Whether the target of a link satisfies the rest of its chain, by the rest and `Type/id`. */
type FollowedTargets = WeakMap<ChainTarget, Map<string, boolean>>

/** Returns a function that replaces the open clauses of a query for some resources; it remembers the links it followed. */
export const follower = (): Follow => {
  const memory: FollowedTargets = new WeakMap()
  return async (scope, query, reads) => {
    if (!isOpen(query) || reads.length === 0) return query
    return { ...query, clauses: await followAll(scope, query, query.clauses, reads, memory) }
  }
}

const followAll = (
  scope: Scope,
  query: Query,
  clauses: readonly Clause[],
  reads: readonly Read[],
  memory: FollowedTargets,
): Promise<Clause[]> =>
  Promise.all(
    clauses.map(async (clause): Promise<Clause> => {
      if (clause.kind === 'chain') return followChain(scope, query, clause, reads, memory)
      if (clause.kind === 'has') return followHas(scope, query, clause, reads)
      if (!('clauses' in clause)) return clause
      return { ...clause, clauses: await followAll(scope, query, clause.clauses, reads, memory) }
    }),
  )

const followChain = async (
  scope: Scope,
  query: Query,
  { parameter, targets }: ChainClause,
  reads: readonly Read[],
  memory: FollowedTargets,
): Promise<Clause> => {
  const values = reads.flatMap(({ resource }) => valuesOf(resource, parameter))
  const local = values.map((value) => localKey(value, query.base)).filter((key) => key !== undefined)
  const types = targets.map(({ type }) => type).filter((type) => canonicalTargets(parameter, type).length > 0)
  const byAddress = await keysNamed(scope, query.base, values, types)
  const links = [...local, ...[...byAddress.values()].flat()]
  const inner = linkedInside(reads, new Set(links))
  const [good, inside] = await Promise.all([
    Promise.all(targets.map((target) => matchingLinks(scope, query, target, links, memory))),
    Promise.all(targets.map((target) => innerTargets(scope, query, target, inner, memory))),
  ])
  const leading = new Set(good.flat())
  const addresses = [...byAddress].filter(([, keys]) => keys.some((key) => leading.has(key)))
  const reached = new Set([...leading, ...addresses.map(([address]) => address)])
  return { kind: 'linked', parameter, targets: reached, inside: inside.flat() }
}

/** Returns the linked resources that are contained in the resources, or in the same container. */
const linkedInside = (reads: readonly Read[], links: ReadonlySet<string>): readonly Read[] =>
  [...links].some((link) => link.startsWith('#'))
    ? reads.flatMap(({ version, resource }) =>
        innerResources(containerOf(resource) ?? resource)
          .filter((inner) => links.has(addressOf(inner)))
          .map((inner) => ({ version, resource: inner })),
      )
    : []

/** Returns the rest of a chain in the form that contained resources are matched with. */
const innerTargets = async (
  scope: Scope,
  query: Query,
  { type, clause }: ChainTarget,
  inner: readonly Read[],
  memory: FollowedTargets,
): Promise<ChainTarget[]> => {
  const reads = inner.filter(({ resource }) => resource.resourceType === type)
  if (reads.length === 0) return []
  const clauses = await followAll(scope, { ...query, type }, [clause], reads, memory)
  return clauses.map((followed) => ({ type, clause: followed }))
}

/** Returns the links to resources that satisfy the rest of the chain. */
const matchingLinks = async (
  scope: Scope,
  query: Query,
  target: ChainTarget,
  links: readonly string[],
  memory: FollowedTargets,
): Promise<readonly string[]> => {
  const known = memory.get(target) ?? new Map<string, boolean>()
  memory.set(target, known)
  const own = [...new Set(links)].filter((key) => key.startsWith(`${target.type}/`))
  const fresh = own.filter((key) => !known.has(key))
  const candidates = fresh.map((key) => namedCandidate(key.slice(target.type.length + 1)))
  const matched = await matchCandidates(scope, innerQuery(query, target.type, [target.clause]), candidates)
  for (const [i, key] of fresh.entries()) known.set(key, matched[i] !== undefined)
  return own.filter((key) => known.get(key))
}

const followHas = async (
  scope: Scope,
  query: Query,
  has: HasClause,
  reads: readonly Read[],
): Promise<Clause> => {
  const isCanonical = canonicalTargets(has.parameter, query.type).length > 0
  const addresses = isCanonical ? await addressesTo(scope, query.base, reads) : []
  const pairs = reads.map(({ resource }, i) => ({
    resource,
    keys: [addressOf(resource), ...(addresses[i] ?? [])],
  }))
  const ids = await inParallel(linkedCandidatesAtOnce, pairs, async ({ resource, keys }) =>
    (await isLinked(scope, query, has, keys)) ? [candidateOf(resource)] : [],
  )
  return { kind: 'any-of', ids: new Set(ids.flat()) }
}

/**
 * Returns whether any resource that satisfies the clause links to the keys; stops at the first. Fails with `too-costly`
 * beyond the limits.
 */
const isLinked = async (
  scope: Scope,
  query: Query,
  has: HasClause,
  keys: readonly string[],
): Promise<boolean> => {
  const linked: Clause = { kind: 'linked', parameter: has.parameter, targets: new Set(keys) }
  const inner = { ...innerQuery(query, has.type, [linked, has.clause]), count: 1 }
  const own = newScope(scope.store, scope.started, wholeLimits, () => scope.follow)
  const plan = planQuery(inner)
  let page = await readPage(own, inner, plan)
  while (page.reads.length === 0 && page.next && !isOver(own))
    page = await readPage(own, inner, plan, page.next)
  addUse(scope.use, own.use)
  if (page.reads.length === 0 && page.next) throw tooManyLinking(query, has)
  return page.reads.length > 0
}

const tooManyLinking = (query: Query, { type }: HasClause) =>
  failure(
    'too-costly',
    `More resources of type ${type} link to one of the candidates than one request may read. Make the last part of \`_has\` narrower.`,
    query.type,
  )
