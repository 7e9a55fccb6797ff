import { addressOf, containerOf, innerTexts } from '../fhir/contained.ts'
import type { Resource } from '../fhir/definitions.ts'
import { failure, type Issue, warning } from '../outcome/failure.ts'
import type { Store, Version } from '../store/port.ts'
import { checkIndexed } from './care/remembered.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { type Explanation, explain } from './explain.ts'
import { refuseAmbiguous } from './links/ambiguous.ts'
import { readResolved, resolveForAll } from './links/chained.ts'
import { type FindCodes, withCodes } from './links/codes.ts'
import { follower } from './links/follow.ts'
import { withParts } from './links/hierarchy.ts'
import { readIncluded } from './links/includes.ts'
import { readQuery } from './own.ts'
import type { Plan } from './plan/plan.ts'
import { isOpen, type Pair, type Query } from './query.ts'
import { matches } from './run/match.ts'
import { type Page, readPage } from './run/run.ts'
import { sortKeyOf } from './run/sort.ts'
import type { Read } from './scope.ts'
import { addUse, isOver, type Limits, newScope, pageLimits, type Scope, wholeLimits } from './scope.ts'

/** What a search works with. */
export interface SearchOptions {
  store: Store
  /** When the request began, in milliseconds; now where absent. */
  started?: number
  /** Other limits than the usual ones. */
  limits?: Partial<Limits>
  /** Tells the codes of a value set, or above and below a code. */
  findCodes?: FindCodes
}

/** What is told of a match: a version, or what is inside one at `address`: `MedicationRequest/1#m1`. */
export interface Told extends Version {
  address?: string
}

/** One page of an answer. */
export interface SearchPage {
  matches: Told[]
  included: Told[]
  /** What each match is sorted by, where an order was asked for. */
  keys?: readonly string[]
  /** The values of `_cursor` that lead to the next page and to the one before. */
  next?: string
  previous?: string
  /** The number of all matches, where it is known. */
  total?: number
  issues: Issue[]
  explain: Explanation
}

/** Returns the page of matches that a query asks for. Fails with `too-costly` where no honest answer is affordable. */
export const search = async (
  asked: Query,
  { store, started = Date.now(), limits, findCodes }: SearchOptions,
): Promise<SearchPage> => {
  const query = await withCodes(asked, findCodes)
  await checkIndexed(store, query)
  if (asked.cursor === undefined) await refuseAmbiguous(store, asked)
  const attempt = () => {
    const follow = follower()
    const scope = newScope(store, started, { ...limitsOf(query), ...limits }, follow)
    return readOnce(scope, newScope(store, started, { ...wholeLimits, ...limits }, follow), query)
  }
  const { scope, found } = await settled(attempt)
  const { page, included, total } = found
  return {
    matches: toldOf(page.reads),
    included: toldOf(included),
    ...(query.sort.length > 0 && { keys: page.reads.map((read) => sortKeyOf(read, query.sort)) }),
    ...(page.next && { next: writeCursor(query, page.next) }),
    ...(page.previous && { previous: writeCursor(query, page.previous) }),
    ...(total !== undefined && { total }),
    issues: totalIssues(query, total),
    explain: explain(
      { asked: query, query: found.query, plan: found.plan, way: page.way },
      scope.use,
      store.meter,
    ),
  }
}

const toldOf = (reads: readonly Read[]): Told[] => {
  const known = new Map<Version, ReadonlyMap<string, string>>()
  return reads.map(({ version, resource, matching }) => {
    const container = matching ? undefined : containerOf(resource)
    if (!container) return version
    const texts = known.get(version) ?? innerTexts(container, version.text)
    known.set(version, texts)
    const { resourceType: type, id = '' } = resource
    return { ...version, type, id, text: texts.get(id) ?? '', address: addressOf(resource).slice(1) }
  })
}

const limitsOf = ({ sort, countOnly }: Query) => (sort.length > 0 || countOnly ? wholeLimits : pageLimits)

interface Found {
  /** The query as it was read, with its chains resolved as far as that paid. */
  query: Query
  plan: Plan
  page: Page
  included: readonly Read[]
  total?: number | undefined
}

/** Chains are resolved with a budget of their own, `chains`, so that as much is left for the page. */
const readOnce = async (
  scope: Scope,
  chains: Scope,
  asked: Query,
): Promise<{ scope: Scope; found: Found }> => {
  const query = await withParts(chains, asked)
  const found = query.countOnly
    ? await readCount(scope, chains, query)
    : await readMatches(scope, chains, query)
  addUse(scope.use, chains.use)
  return { scope, found }
}

const readCount = async (scope: Scope, chains: Scope, asked: Query): Promise<Found> => {
  const { query, plan } = await resolveForAll(chains, asked)
  const total = await count(scope, query, plan)
  return { query, plan, page: { reads: [], way: 'count' }, included: [], total }
}

const readMatches = async (scope: Scope, chains: Scope, asked: Query): Promise<Found> => {
  const cursor = readCursor(asked)
  const { query, plan, page } = await readResolved(chains, scope, asked, cursor)
  scope.use.matches += page.reads.length
  const included = await readIncluded(scope, query, page.reads)
  const whole = !cursor && !page.next
  const total = whole && query.total !== 'none' ? page.reads.length : await totalOf(scope, query, plan)
  return { query, plan, page, included, total }
}

/** The total beside a page is counted with a budget of its own, an estimate with less, and left out where that is not enough. */
const totalOf = async (
  { store, started, follow }: Scope,
  query: Query,
  plan: Plan,
): Promise<number | undefined> => {
  if (query.total !== 'accurate' && query.total !== 'estimate') return undefined
  const limits = query.total === 'accurate' ? wholeLimits : pageLimits
  return counted(newScope(store, started, limits, follow), query, plan)
}

const count = async (scope: Scope, query: Query, plan: Plan): Promise<number> => {
  const total = await counted(scope, query, plan)
  if (total !== undefined) return total
  throw failure(
    'too-costly',
    'There are more matches than one request may count. Narrow the search, by a patient or a date for instance.',
    `${query.type}?_summary`,
  )
}

const countPage = 1000

const counted = async (scope: Scope, query: Query, plan: Plan): Promise<number | undefined> => {
  const whole = { ...query, count: countPage, sort: [] }
  const unsorted = { ...plan, sort: { by: 'type', descending: true, free: true } } as const
  let page = await readPage(scope, whole, unsorted)
  let total = page.reads.length
  while (page.next) {
    if (isOver(scope)) return undefined
    page = await readPage(scope, whole, unsorted, page.next)
    total += page.reads.length
  }
  return total
}

const totalIssues = ({ type, total: wanted }: Query, total: number | undefined): Issue[] =>
  (wanted === 'accurate' || wanted === 'estimate') && total === undefined
    ? [
        warning(
          'too-costly',
          'There are too many matches to be counted, so the total is left out.',
          `${type}?_total`,
        ),
      ]
    : []

const mostReadings = 5

/**
 * Reading many resources is not one instant. Where something was met that may be changing, the whole is read again
 * until two readings agree, which is a state that was.
 */
const settled = async <T extends { scope: Scope; found: Found }>(attempt: () => Promise<T>): Promise<T> => {
  let reading = await attempt()
  for (let i = 1; reading.scope.use.unsettled && i < mostReadings; i++) {
    const again = await attempt()
    if (sameVersions(reading.found, again.found)) return again
    reading = again
  }
  return reading
}

const sameVersions = (a: Found, b: Found): boolean => versionsOf(a) === versionsOf(b) && a.total === b.total

const versionsOf = ({ page, included }: Found): string =>
  [...page.reads, ...included].map(({ version }) => `${version.type}/${version.id}/${version.v}`).join(' ')

/** What a conditional interaction works with. */
export interface MatchingOptions extends SearchOptions {
  base: string
}

/** What is sought is to be changed, or to be told as a resource of its own. */
const readCriteria = async (
  type: string,
  pairs: readonly Pair[],
  base: string,
  store: Store,
): Promise<Query> => {
  const { query } = await readQuery(type, pairs, { lenient: false, base }, store)
  if (query.contained === 'false') return query
  throw failure(
    'invalid',
    'Only resources that stand by themselves can be found here: leave `_contained` out.',
    `${type}?_contained`,
  )
}

/** Returns a function that says whether a resource that may not be stored yet matches; what chains lead to is as stored. */
export const matcherOf = async (
  type: string,
  pairs: readonly Pair[],
  { base, store, started = Date.now(), findCodes }: MatchingOptions,
): Promise<(resource: Resource) => boolean> => {
  const scope = newScope(store, started, wholeLimits)
  const query = await withParts(
    scope,
    await withCodes(await readCriteria(type, pairs, base, store), findCodes),
  )
  await refuseAmbiguous(store, query)
  const resolved = await resolveForAll(scope, query)
  if (isOpen(resolved.query)) throw tooManyLinks(type)
  return (resource) => matches(resolved.query, resource)
}

const tooManyLinks = (type: string) =>
  failure(
    'too-costly',
    'The chain leads over more resources than one request may read. Make its last part narrower.',
    type,
  )

/** Returns the current versions that criteria match, up to `limit`, none left out. Fails as a strict search does. */
export const findMatching = async (
  type: string,
  pairs: readonly Pair[],
  { base, ...options }: MatchingOptions,
  limit: number,
): Promise<Version[]> => {
  const query = await readCriteria(type, pairs, base, options.store)
  const found: Version[] = []
  let cursor: string | undefined
  do {
    const page = await search({ ...query, count: limit, ...(cursor !== undefined && { cursor }) }, options)
    found.push(...page.matches)
    cursor = page.next
  } while (cursor !== undefined && found.length < limit)
  return found.slice(0, limit)
}
