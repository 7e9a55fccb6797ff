import { addressOf, containerOf, innerTexts } from '../fhir/contained.ts'
import type { Resource } from '../fhir/definitions.ts'
import { failure, type Issue, warning } from '../outcome/failure.ts'
import type { Version } from '../store/port.ts'
import type { Reader } from '../store/reader.ts'
import { checkIndexed } from './audit/remembered.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { readQuery } from './custom.ts'
import { type Explanation, explain } from './explain.ts'
import { refuseAmbiguous } from './links/ambiguous.ts'
import { readResolved, resolveForAll } from './links/chained.ts'
import { type FindCodes, withCodes } from './links/codes.ts'
import { follower } from './links/follow.ts'
import { hasParts, withParts } from './links/hierarchy.ts'
import { readIncluded } from './links/includes.ts'
import type { SearchPlan } from './plan/plan.ts'
import { isOpen, type Pair, type Query } from './query.ts'
import { openStages, type Stages } from './reading/stages.ts'
import { matchesQuery } from './run/match.ts'
import { type MatchPage, readPage } from './run/run.ts'
import { sortKeyOf } from './run/sort.ts'
import type { Read } from './scope.ts'
import {
  addUse,
  inStage,
  isOver,
  type Limits,
  newScope,
  pageLimits,
  type Scope,
  wholeLimits,
} from './scope.ts'

/** The services and limits of a search. */
export interface SearchOptions {
  reader: Reader
  /** The beginning of the request, in milliseconds since 1970; the present if absent. */
  started?: number
  /** Limits in place of the usual limits. */
  limits?: Partial<Limits>
  /** Returns the codes of a value set, or above or below a code. */
  findCodes?: FindCodes
  /** The reading that the search is part of; a reading of its own if absent. */
  stages?: Stages
}

/** A version that matched, or the contained resource at `address`: `MedicationRequest/1#m1`. */
export interface SearchMatch extends Version {
  address?: string
}

/** A page of an answer. */
export interface SearchPage {
  matches: SearchMatch[]
  included: SearchMatch[]
  /** The sort keys of each match, if an order was asked for. */
  keys?: readonly string[]
  /** The values of `_cursor` for the next and the previous page. */
  next?: string
  previous?: string
  /** The number of all matches, if known. */
  total?: number
  issues: Issue[]
  explain: Explanation
}

/** Returns the page of matches that a query asks for. Fails with `too-costly` if no complete answer is affordable. */
export const runSearch = async (asked: Query, options: SearchOptions): Promise<SearchPage> => {
  const { reader, started = Date.now(), limits, findCodes } = options
  const query = await narrowedBy(reader, await withCodes(asked, findCodes))
  await checkIndexed(reader, query)
  if (asked.cursor === undefined) await refuseAmbiguous(reader, asked)
  const { stages = openStages(reader) } = options
  const scope = newScope(reader, started, { ...limitsOf(query), ...limits }, follower)
  const chains = newScope(reader, started, { ...wholeLimits, ...limits }, follower)
  const found = await readSearch({ stages, scope, chains }, query)
  if (!options.stages) stages.end()
  const { page, included, total } = found
  return {
    matches: searchMatchesOf(page.reads),
    included: searchMatchesOf(included),
    ...(query.sort.length > 0 && { keys: page.reads.map((read) => sortKeyOf(read, query.sort)) }),
    ...(page.next && { next: writeCursor(query, page.next) }),
    ...(page.previous && { previous: writeCursor(query, page.previous) }),
    ...(total !== undefined && { total }),
    issues: totalIssues(query, total),
    explain: explain(
      { asked: query, query: found.query, plan: found.plan, way: page.way },
      scope.use,
      reader.meter,
    ),
  }
}

/**
 * Returns the query narrowed by the clauses that every visible resource matches; contained resources are restricted by
 * their container.
 */
const narrowedBy = async (reader: Reader, query: Query): Promise<Query> => {
  const rules = query.contained === 'false' ? (reader.restriction?.rules ?? []) : []
  const pairs = rules.flatMap((rule) => rule.narrow(query.type))
  if (pairs.length === 0) return query
  const own = await readQuery(query.type, pairs, { lenient: false, base: query.base }, reader)
  return { ...query, clauses: [...query.clauses, ...own.query.clauses] }
}

const searchMatchesOf = (reads: readonly Read[]): SearchMatch[] => {
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

interface FoundPage {
  /** The query as read, with chains resolved as far as worthwhile. */
  query: Query
  plan: SearchPlan
  page: MatchPage
  included: readonly Read[]
  total?: number | undefined
}

/** The scopes of a search: chains have a budget of their own, so that the page keeps its budget. */
interface SearchParts {
  stages: Stages
  scope: Scope
  chains: Scope
}

const readSearch = async (place: SearchParts, asked: Query): Promise<FoundPage> => {
  const { stages, scope, chains } = place
  const query = hasParts(asked) ? await inStage(stages, chains, (own) => withParts(own, asked)) : asked
  const found = query.countOnly ? await readCount(place, query) : await readMatches(place, query)
  addUse(scope.use, chains.use)
  return found
}

const readCount = async ({ stages, scope, chains }: SearchParts, asked: Query): Promise<FoundPage> => {
  const { query, plan } = await resolveForAll(stages, chains, asked)
  const total = await inStage(stages, scope, (own) => countMatches(own, query, plan))
  return { query, plan, page: { reads: [], way: 'count' }, included: [], total }
}

const readMatches = async (place: SearchParts, asked: Query): Promise<FoundPage> => {
  const { stages, scope, chains } = place
  const cursor = readCursor(asked)
  const { query, plan, page } = await readResolved(stages, chains, scope, asked, cursor)
  scope.use.matches += page.reads.length
  const included = await readIncluded(stages, scope, query, page.reads)
  const whole = !cursor && !page.next
  const total = whole && query.total !== 'none' ? page.reads.length : await pageTotal(place, query, plan)
  return { query, plan, page, included, total }
}

/**
 * Returns the total beside a page, counted with a budget of its own, smaller for an estimate; undefined if the budget
 * does not suffice.
 */
const pageTotal = async (
  { stages, scope }: SearchParts,
  query: Query,
  plan: SearchPlan,
): Promise<number | undefined> => {
  if (query.total !== 'accurate' && query.total !== 'estimate') return undefined
  const limits = query.total === 'accurate' ? wholeLimits : pageLimits
  const own = newScope(scope.store, scope.started, limits, scope.newFollow)
  return inStage(stages, own, (counting) => countWithin(counting, query, plan))
}

const countMatches = async (scope: Scope, query: Query, plan: SearchPlan): Promise<number> => {
  const total = await countWithin(scope, query, plan)
  if (total !== undefined) return total
  throw failure(
    'too-costly',
    'There are more matches than one request may count. Narrow the search, by a patient or a date for instance.',
    `${query.type}?_summary`,
  )
}

const countPage = 1000

const countWithin = async (scope: Scope, query: Query, plan: SearchPlan): Promise<number | undefined> => {
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

/** The options of a conditional interaction's search. */
export interface MatchingOptions extends SearchOptions {
  base: string
}

/**
 * Returns the query of criteria, whose matches are changed or returned as separate resources; fails with `invalid` for
 * `_contained`.
 */
const readCriteria = async (
  type: string,
  pairs: readonly Pair[],
  base: string,
  reader: Reader,
): Promise<Query> => {
  const { query } = await readQuery(type, pairs, { lenient: false, base }, reader)
  if (query.contained === 'false') return query
  throw failure(
    'invalid',
    'Only resources that stand by themselves can be found here: leave `_contained` out.',
    `${type}?_contained`,
  )
}

/**
 * Returns a function that matches a resource which may not be stored yet; targets of chains are as stored. Fails with
 * `too-costly` for a chain over too many resources.
 */
export const matcherOf = async (
  type: string,
  pairs: readonly Pair[],
  { base, reader, started = Date.now(), findCodes }: MatchingOptions,
): Promise<(resource: Resource) => boolean> => {
  const stages = openStages(reader)
  const scope = newScope(reader, started, wholeLimits)
  const asked = await withCodes(await readCriteria(type, pairs, base, reader), findCodes)
  const query = hasParts(asked) ? await inStage(stages, scope, (own) => withParts(own, asked)) : asked
  await refuseAmbiguous(reader, query)
  const resolved = await resolveForAll(stages, scope, query)
  stages.end()
  if (isOpen(resolved.query)) throw tooManyLinks(type)
  return (resource) => matchesQuery(resolved.query, resource)
}

const tooManyLinks = (type: string) =>
  failure(
    'too-costly',
    'The chain leads over more resources than one request may read. Make its last part narrower.',
    type,
  )

/** Returns all current versions that criteria match, up to `limit`. Fails like a strict search. */
export const findMatching = async (
  type: string,
  pairs: readonly Pair[],
  { base, ...options }: MatchingOptions,
  limit: number,
): Promise<Version[]> => {
  const query = await readCriteria(type, pairs, base, options.reader)
  const stages = options.stages ?? openStages(options.reader)
  const found: Version[] = []
  let cursor: string | undefined
  do {
    const asked = { ...query, count: limit, ...(cursor !== undefined && { cursor }) }
    const page = await runSearch(asked, { ...options, stages })
    found.push(...page.matches)
    cursor = page.next
  } while (cursor !== undefined && found.length < limit)
  if (!options.stages) stages.end()
  return found.slice(0, limit)
}
