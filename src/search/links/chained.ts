import type { Cursor } from '../cursor.ts'
import { planQuery, type SearchPlan } from '../plan/plan.ts'
import { isOpen, type Query } from '../query.ts'
import type { Stages } from '../reading/stages.ts'
import { type MatchPage, readPage } from '../run/run.ts'
import { inStage, type Scope } from '../scope.ts'
import { resolveChains } from './chain.ts'

/** A query whose chains are resolved as far as worthwhile. */
export interface ResolvedQuery {
  readonly query: Query
  readonly plan: SearchPlan
}

const plannedQuery = (query: Query): ResolvedQuery => ({ query, plan: planQuery(query) })

/** Returns the query for counting or sorting: with as few open chains as the scope `chains` can afford. */
export const resolveForAll = async (stages: Stages, chains: Scope, query: Query): Promise<ResolvedQuery> =>
  plannedQuery(await resolveInStage(stages, chains, query, Number.POSITIVE_INFINITY))

/** Resolves chains in a stage of their own, so that resources linking to the targets are read afterwards. */
const resolveInStage = async (stages: Stages, chains: Scope, query: Query, most: number): Promise<Query> =>
  isOpen(query) ? inStage(stages, chains, (scope) => resolveChains(scope, query, most)) : query

const pageInStage = (
  stages: Stages,
  scope: Scope,
  { query, plan }: ResolvedQuery,
  cursor: Cursor | undefined,
): Promise<MatchPage> => inStage(stages, scope, (own) => readPage(own, query, plan, cursor))

/**
 * Returns a page of a query, whose chains are resolved with a budget of their own. For chains over many resources a page
 * is tried first by following links from the candidates; only if hardly any candidate matches, all targets are read as
 * far as the budget allows.
 */
export const readResolved = async (
  stages: Stages,
  chains: Scope,
  scope: Scope,
  query: Query,
  cursor: Cursor | undefined,
): Promise<ResolvedQuery & { page: MatchPage }> => {
  if (cursor?.open) return readOpen(stages, scope, plannedQuery(query), cursor)
  const first = plannedQuery(await resolveInStage(stages, chains, query, scope.limits.links))
  if (!isOpen(first.query)) return { ...first, page: await pageInStage(stages, scope, first, cursor) }
  const some =
    first.plan.sort.by === 'keys'
      ? undefined
      : await inStage(stages, scope, (own) => readSome(own, first, cursor))
  if (some) return { ...first, page: some }
  const whole = await resolveForAll(stages, chains, query)
  if (isOpen(whole.query)) return readOpen(stages, scope, whole, cursor)
  return { ...whole, page: await pageInStage(stages, scope, whole, cursor) }
}

const readOpen = async (
  stages: Stages,
  scope: Scope,
  resolved: ResolvedQuery,
  cursor: Cursor | undefined,
) => {
  const page = await pageInStage(stages, scope, resolved, cursor)
  const { next, previous } = page
  const open = { open: true } as const
  const links = {
    ...(next && { next: { ...next, ...open } }),
    ...(previous && { previous: { ...previous, ...open } }),
  }
  return { ...resolved, page: { ...page, ...links } }
}

/** The resources read to decide whether following links pays: if at least one in twenty matches. */
const glance = 600
const worth = 20

/** Returns a page read by following links; undefined if too few of the first candidates match. */
const readSome = async (
  scope: Scope,
  { query, plan }: ResolvedQuery,
  cursor: Cursor | undefined,
): Promise<MatchPage | undefined> => {
  const resources = Math.min(scope.use.resources + glance, scope.limits.resources)
  const first = await readPage({ ...scope, limits: { ...scope.limits, resources } }, query, plan, cursor)
  const missing = query.count - first.reads.length
  const onwards = cursor?.back ? first.previous : first.next
  if (!onwards || missing === 0) return first
  if (first.reads.length * worth < glance) return undefined
  return joinedPage(first, await readPage(scope, { ...query, count: missing }, plan, onwards), cursor?.back)
}

/** Returns a page and its continuation as a single page. */
const joinedPage = (first: MatchPage, rest: MatchPage, back = false): MatchPage => {
  const [before, behind] = back ? [rest, first] : [first, rest]
  return {
    way: rest.way,
    reads: [...before.reads, ...behind.reads],
    ...(before.previous && { previous: before.previous }),
    ...(behind.next && { next: behind.next }),
  }
}
