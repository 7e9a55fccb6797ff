import type { Cursor } from '../cursor.ts'
import { planQuery, type SearchPlan } from '../plan/plan.ts'
import { isOpen, type Query } from '../query.ts'
import type { Stages } from '../reading/stages.ts'
import { type Page, readPage } from '../run/run.ts'
import { inStage, type Scope } from '../scope.ts'
import { resolveChains } from './chain.ts'

/** A query whose chains are resolved as far as that pays. */
export interface Resolved {
  readonly query: Query
  readonly plan: SearchPlan
}

const planned = (query: Query): Resolved => ({ query, plan: planQuery(query) })

/** Returns the query as it is best counted or sorted: with as few open chains as `chains` can afford. */
export const resolveForAll = async (stages: Stages, chains: Scope, query: Query): Promise<Resolved> =>
  planned(await resolveInStage(stages, chains, query, Number.POSITIVE_INFINITY))

/** The targets of chains are a stage of their own: what links to them is read afterwards. */
const resolveInStage = async (stages: Stages, chains: Scope, query: Query, most: number): Promise<Query> =>
  isOpen(query) ? inStage(stages, chains, (scope) => resolveChains(scope, query, most)) : query

const pageInStage = (
  stages: Stages,
  scope: Scope,
  { query, plan }: Resolved,
  cursor: Cursor | undefined,
): Promise<Page> => inStage(stages, scope, (own) => readPage(own, query, plan, cursor))

/**
 * Returns a page of a query, whose chains are resolved with a budget of their own. Where they lead over many
 * resources, a page is tried by following the links of what else drives the search; only where hardly any of that
 * matches, all that the chains lead to is read, if it can be.
 */
export const readResolved = async (
  stages: Stages,
  chains: Scope,
  scope: Scope,
  query: Query,
  cursor: Cursor | undefined,
): Promise<Resolved & { page: Page }> => {
  if (cursor?.open) return readOpen(stages, scope, planned(query), cursor)
  const first = planned(await resolveInStage(stages, chains, query, scope.limits.links))
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

const readOpen = async (stages: Stages, scope: Scope, resolved: Resolved, cursor: Cursor | undefined) => {
  const page = await pageInStage(stages, scope, resolved, cursor)
  const { next, previous } = page
  const open = { open: true } as const
  const links = {
    ...(next && { next: { ...next, ...open } }),
    ...(previous && { previous: { ...previous, ...open } }),
  }
  return { ...resolved, page: { ...page, ...links } }
}

/** So many resources are read to see whether following links from them is worth it: whether one in so many matches. */
const glance = 600
const worth = 20

/** Returns a page read by following links; undefined where too few of the first candidates match. */
const readSome = async (
  scope: Scope,
  { query, plan }: Resolved,
  cursor: Cursor | undefined,
): Promise<Page | undefined> => {
  const resources = Math.min(scope.use.resources + glance, scope.limits.resources)
  const first = await readPage({ ...scope, limits: { ...scope.limits, resources } }, query, plan, cursor)
  const missing = query.count - first.reads.length
  const onwards = cursor?.back ? first.previous : first.next
  if (!onwards || missing === 0) return first
  if (first.reads.length * worth < glance) return undefined
  return joined(first, await readPage(scope, { ...query, count: missing }, plan, onwards), cursor?.back)
}

/** Returns two pages, of which the second was read on from the first, as one. */
const joined = (first: Page, rest: Page, back = false): Page => {
  const [before, behind] = back ? [rest, first] : [first, rest]
  return {
    way: rest.way,
    reads: [...before.reads, ...behind.reads],
    ...(before.previous && { previous: before.previous }),
    ...(behind.next && { next: behind.next }),
  }
}
