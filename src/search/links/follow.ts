/** Chains that lead over too many resources to be resolved beforehand are followed from the resources at hand. */

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
import { judge, namedCandidate } from '../run/hydrate.ts'
import { candidateOf, localKey, valuesOf } from '../run/match.ts'
import { readPage } from '../run/run.ts'
import type { Read } from '../scope.ts'
import { addUse, type Follow, isOver, newScope, type Scope, wholeLimits } from '../scope.ts'
import { addressesTo, canonicalTargets, keysNamed } from './canonical.ts'
import { innerQuery } from './chain.ts'

const width = 16

/** Whether what a link leads to satisfies the rest of its chain, by the rest and by `Type/id`. */
type Memory = WeakMap<ChainTarget, Map<string, boolean>>

/** Returns what turns the open clauses of a query into what holds for some resources; it remembers where links led. */
export const follower = (): Follow => {
  const memory: Memory = new WeakMap()
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
  memory: Memory,
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
  memory: Memory,
): Promise<Clause> => {
  const values = reads.flatMap(({ resource }) => valuesOf(resource, parameter))
  const local = values.map((value) => localKey(value, query.base)).filter((key) => key !== undefined)
  const types = targets.map(({ type }) => type).filter((type) => canonicalTargets(parameter, type).length > 0)
  const byAddress = await keysNamed(scope, query.base, values, types)
  const links = [...local, ...[...byAddress.values()].flat()]
  const inner = insideOf(reads, new Set(links))
  const [good, inside] = await Promise.all([
    Promise.all(targets.map((target) => leadingOn(scope, query, target, links, memory))),
    Promise.all(targets.map((target) => judgeable(scope, query, target, inner, memory))),
  ])
  const leading = new Set(good.flat())
  const addresses = [...byAddress].filter(([, keys]) => keys.some((key) => leading.has(key)))
  const reached = new Set([...leading, ...addresses.map(([address]) => address)])
  return { kind: 'linked', parameter, targets: reached, inside: inside.flat() }
}

/** Returns what is inside resources, or beside them in the same one, and is linked to. */
const insideOf = (reads: readonly Read[], links: ReadonlySet<string>): readonly Read[] =>
  [...links].some((link) => link.startsWith('#'))
    ? reads.flatMap(({ version, resource }) =>
        innerResources(containerOf(resource) ?? resource)
          .filter((inner) => links.has(addressOf(inner)))
          .map((inner) => ({ version, resource: inner })),
      )
    : []

/** Returns the rest of a chain as what is inside the resources at hand can be judged by. */
const judgeable = async (
  scope: Scope,
  query: Query,
  { type, clause }: ChainTarget,
  inner: readonly Read[],
  memory: Memory,
): Promise<ChainTarget[]> => {
  const reads = inner.filter(({ resource }) => resource.resourceType === type)
  if (reads.length === 0) return []
  const clauses = await followAll(scope, { ...query, type }, [clause], reads, memory)
  return clauses.map((followed) => ({ type, clause: followed }))
}

/** Returns those links that lead to a resource which satisfies the rest of the chain. */
const leadingOn = async (
  scope: Scope,
  query: Query,
  target: ChainTarget,
  links: readonly string[],
  memory: Memory,
): Promise<readonly string[]> => {
  const known = memory.get(target) ?? new Map<string, boolean>()
  memory.set(target, known)
  const own = [...new Set(links)].filter((key) => key.startsWith(`${target.type}/`))
  const fresh = own.filter((key) => !known.has(key))
  const candidates = fresh.map((key) => namedCandidate(key.slice(target.type.length + 1)))
  const judged = await judge(scope, innerQuery(query, target.type, [target.clause]), candidates)
  for (const [i, key] of fresh.entries()) known.set(key, judged[i] !== undefined)
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
  const ids = await inParallel(width, pairs, async ({ resource, keys }) =>
    (await isLinked(scope, query, has, keys)) ? [candidateOf(resource)] : [],
  )
  return { kind: 'any-of', ids: new Set(ids.flat()) }
}

/** Returns whether anything that satisfies the clause links to the resource; it reads on only until it finds one. */
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
  if (page.reads.length === 0 && page.next) throw tooMany(query, has)
  return page.reads.length > 0
}

const tooMany = (query: Query, { type }: HasClause) =>
  failure(
    'too-costly',
    `More resources of type ${type} link to one of the candidates than one request may read. Make the last part of \`_has\` narrower.`,
    query.type,
  )
