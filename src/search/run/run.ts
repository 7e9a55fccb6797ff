import { referenceTo } from '../../fhir/references.ts'
import { failure } from '../../outcome/failure.ts'
import type { Candidate } from '../../store/port.ts'
import { type Cursor, isBehind, type MatchPosition } from '../cursor.ts'
import { orderPositionOf } from '../index/order.ts'
import type { SearchPlan } from '../plan/plan.ts'
import { isOpen, type Query } from '../query.ts'
import type { Read, Scope } from '../scope.ts'
import { chooseWay, type SearchWay, wayInOrder } from './choose.ts'
import type { Drive } from './drive.ts'
import { matchCandidates, namedCandidate } from './hydrate.ts'
import { candidateOf } from './match.ts'
import {
  arrive,
  isFull,
  keepRead,
  newPageProgress,
  type PageProgress,
  type PlacedMatch,
  placesIn,
  showPassed,
} from './progress.ts'
import { placeByKeys, sortReads } from './sort.ts'

/** A page of matches in order. */
export interface MatchPage {
  readonly reads: readonly Read[]
  /** The cursor of the next page, if more may follow. */
  readonly next?: Cursor
  /** The cursor of the previous page, if there may be any. */
  readonly previous?: Cursor
  /** The way the candidates were found, for `_explain`. */
  readonly way: string
}

/**
 * Returns the page of a query's matches that follows the cursor. Fails with `too-costly` if there are too many matches to
 * sort.
 */
export const readPage = async (
  scope: Scope,
  query: Query,
  plan: SearchPlan,
  cursor?: Cursor,
): Promise<MatchPage> => {
  if (plan.nothing) return { reads: [], way: 'nothing can match' }
  if (plan.ids && !cursor?.by.startsWith('own:'))
    return gatheredPage(scope, query, plan, idCandidates(plan.ids), cursor, 'ids')
  const way = await chooseWay(scope, plan, query.count, { by: cursor?.by || undefined, back: cursor?.back })
  if (!way.gather) return streamedPage(scope, query, way.drive, cursor)
  const candidates = await gather(scope, way)
  if (!candidates) {
    const other = cursor ? undefined : wayInOrder(scope, plan, query.count)
    if (!other) throw tooManyToSort(query, way.drive)
    return streamedPage(scope, query, other.drive, cursor)
  }
  return gatheredPage(scope, query, plan, candidates, cursor, `${way.drive.name}, sorted`)
}

const idCandidates = (ids: readonly string[]): readonly Candidate[] => ids.map(namedCandidate)

const longestBatch = 300
const shortestBatch = 20

/** Returns the largest batch: small if links are followed from each candidate, so that few are followed in vain. */
const longestBatchOf = (query: Query): number => (isOpen(query) ? 50 : longestBatch)

const streamedPage = async (
  scope: Scope,
  query: Query,
  drive: Drive,
  cursor: Cursor | undefined,
): Promise<MatchPage> => {
  const progress = newPageProgress()
  const source = batches(drive, cursor)
  while (!progress.done && !isFull(scope, query, progress)) {
    const batch = await source.next(batchSize(query, progress))
    await matchBatch(scope, query, drive, { ...batch, from: cursor?.end ? undefined : cursor?.at }, progress)
    progress.done = batch.end
    if (batch.stop && !isFull(scope, query, progress))
      return withCursors(cursor, drive, progress, shortEnd(query, drive, batch.stop, cursor))
    if (scope.use.resources >= scope.limits.resources) break
  }
  const more = progress.at !== undefined && source.mayHaveMore(progress.at)
  return withCursors(cursor, drive, progress, more ? progress.at : undefined)
}

const batchSize = (query: Query, { reads, checked }: PageProgress): number => {
  const missing = query.count - reads.length
  const rate = checked === 0 ? 1 : Math.max(reads.length / checked, 0.05)
  return Math.min(
    Math.max(Math.ceil(missing / rate), Math.min(missing, shortestBatch)),
    longestBatchOf(query),
  )
}

/** A batch, and the place where its page begins. */
interface PageBatch extends CandidateBatch {
  from: MatchPosition | undefined
}

/** Matches candidates until the page is full; the rest of the batch is left for the next page. */
const matchBatch = async (
  scope: Scope,
  query: Query,
  drive: Drive,
  batch: PageBatch,
  progress: PageProgress,
): Promise<void> => {
  const { candidates, back, end } = batch
  const matched = await matchCandidates(scope, query, candidates)
  const placeOf = placesIn(drive, back)
  const isAfter = (a: MatchPosition, b: MatchPosition): boolean => isBehind(a, b, drive.reverse, back)
  for (const [i, { order, id }] of candidates.entries()) {
    const here = { order, id }
    showPassed(scope, query, progress, (place) => isAfter(here, place))
    if (isFull(scope, query, progress)) return
    progress.checked++
    progress.at = here
    const read = matched[i]
    if (read) arrive(progress, read, { here, place: placeOf(read), from: batch.from, isAfter })
  }
  if (end) showPassed(scope, query, progress, () => true)
}

/** Returns the page with the cursors to both sides; matches read backwards are reversed. */
const withCursors = (
  cursor: Cursor | undefined,
  { by, name }: Pick<Drive, 'by' | 'name'>,
  { reads, first }: Pick<PageProgress, 'reads' | 'first'>,
  rest: MatchPosition | undefined,
): MatchPage => {
  const onwards: Cursor | undefined = rest && { by, at: rest }
  if (!cursor?.back) {
    const previous: Cursor | undefined = cursor && { by, at: first ?? justBehind(cursor.at), back: true }
    return { reads, way: name, ...(onwards && { next: onwards }), ...(previous && { previous }) }
  }
  const next: Cursor | undefined = cursor.end ? undefined : { by, at: first ?? justBefore(cursor.at) }
  return {
    reads: reads.toReversed(),
    way: name,
    ...(next && { next }),
    ...(onwards && { previous: { ...onwards, back: true } }),
  }
}

const lastId = '\uffff'
const justBehind = ({ order, id }: MatchPosition): MatchPosition => ({ order, id: id + lastId })
const justBefore = ({ order }: MatchPosition): MatchPosition => ({ order, id: '' })

/**
 * Returns the place at which a page ends when the budget is spent; fails with `too-costly` if that is not behind the
 * cursor.
 */
const shortEnd = (
  query: Query,
  drive: Drive,
  stop: MatchPosition,
  cursor: Cursor | undefined,
): MatchPosition => {
  if (!cursor || cursor.end || isBehind(stop, cursor.at, drive.reverse, cursor.back)) return stop
  throw failure(
    'too-costly',
    'Too many resources stand at the same place of the order to be read at once. Narrow the search, by a date or a patient for instance.',
    query.type,
  )
}

interface CandidateBatch {
  candidates: readonly Candidate[]
  /** The groups are read backwards. */
  back: boolean
  /** No candidate follows. */
  end: boolean
  /** The place that was reached when the budget was spent. */
  stop?: MatchPosition
}

interface CandidateBatches {
  next(size: number): Promise<CandidateBatch>
  mayHaveMore(at: MatchPosition): boolean
}

/**
 * Cuts the groups of a drive into batches of candidates behind the cursor; among equals ids ascend forwards and descend
 * backwards.
 */
const batches = ({ groups, reverse }: Drive, cursor: Cursor | undefined): CandidateBatches => {
  const { back = false } = cursor ?? {}
  const from = cursor?.end ? undefined : cursor?.at
  let first = true
  let ended = false
  let waiting: Candidate[] = []
  let last: Candidate | undefined
  const isNew = (candidate: Candidate): boolean =>
    from === undefined || isBehind(candidate, from, reverse, back)

  /** Reads groups until `size` candidates wait; returns the place at which the budget was spent, if it was. */
  const load = async (size: number): Promise<MatchPosition | undefined> => {
    while (waiting.length < size && !ended) {
      const group = await groups.next(first ? from?.order : undefined)
      first = false
      ended = group === undefined || (groups.left() === 0 && !group.partial)
      if (group?.partial) return { order: group.order, id: back ? lastId : '' }
      const fresh = [...(group?.candidates.values() ?? [])].filter(isNew)
      waiting.push(...fresh.sort((a, b) => (a.id < b.id === back ? 1 : -1)))
    }
    return undefined
  }

  const next = async (size: number): Promise<CandidateBatch> => {
    const stop = await load(size)
    const candidates = waiting.slice(0, size)
    waiting = waiting.slice(size)
    last = candidates.at(-1) ?? last
    return { candidates, back, end: ended && waiting.length === 0, ...(stop && { stop }) }
  }

  const isLast = ({ id, order }: MatchPosition): boolean => last?.id === id && last.order === order
  return { next, mayHaveMore: (at) => !ended || waiting.length > 0 || !isLast(at) }
}

/** Reads all candidates, each id once; undefined if there are too many to sort. */
const gather = async (scope: Scope, { drive }: SearchWay): Promise<readonly Candidate[] | undefined> => {
  const found = new Map<string, Candidate>()
  const source = batches(drive, undefined)
  for (;;) {
    const batch = await source.next(longestBatch)
    for (const candidate of batch.candidates) found.set(candidate.id, candidate)
    if (batch.stop || found.size > scope.limits.sorted) return undefined
    if (batch.end) return [...found.values()]
  }
}

const tooManyToSort = (query: Query, { name }: Drive) =>
  failure(
    'too-costly',
    `More matches of \`${name}\` than can be sorted in one request. Narrow the search, by a patient or a date for instance, or leave \`_sort\` out.`,
    `${query.type}?_sort`,
  )

/** Matches all candidates, sorts the matches, and returns the page after the cursor. */
const gatheredPage = async (
  scope: Scope,
  query: Query,
  plan: SearchPlan,
  candidates: readonly Candidate[],
  cursor: Cursor | undefined,
  way: string,
): Promise<MatchPage> => {
  const matched: (Read | undefined)[] = []
  const size = longestBatchOf(query)
  for (let i = 0; i < candidates.length; i += size) {
    matched.push(...(await matchCandidates(scope, query, candidates.slice(i, i + size))))
  }
  const found = matched.filter((read) => read !== undefined)
  const byType = plan.sort.by === 'type'
  const all = byType ? inListingOrder(found, plan.sort.descending) : sortReads(found, query.sort)
  const placed = query.containedType === 'container' ? firstOfEach(all) : all
  const behind = (a: MatchPosition, b: MatchPosition): boolean =>
    byType ? isBehind(a, b, plan.sort.descending) : placeByKeys(query.sort, a, b) > 0
  const inWay = cursor?.back ? placed.toReversed() : placed
  const rest = inWay.filter(({ place }) => {
    if (!cursor || cursor.end) return true
    return cursor.back ? behind(cursor.at, place) : behind(place, cursor.at)
  })
  return cutPage(scope, query, rest, cursor, { by: byType ? 'type' : 'keys', name: way })
}

const firstOfEach = (placed: readonly PlacedMatch[]): readonly PlacedMatch[] => {
  const listed = new Set<string>()
  return placed.filter(({ read: { version } }) => {
    const isFirst = !listed.has(referenceTo(version))
    listed.add(referenceTo(version))
    return isFirst
  })
}

const inListingOrder = (reads: readonly Read[], descending: boolean): readonly PlacedMatch[] =>
  reads
    .map((read) => ({
      read,
      place: { order: orderPositionOf(read.resource, read.version.t).order, id: candidateOf(read.resource) },
    }))
    .sort((a, b) => (isBehind(a.place, b.place, descending) ? 1 : -1))

const cutPage = (
  scope: Scope,
  query: Query,
  rest: readonly PlacedMatch[],
  cursor: Cursor | undefined,
  way: Pick<Drive, 'by' | 'name'>,
): MatchPage => {
  const progress = newPageProgress()
  for (const { read } of rest) if (!isFull(scope, query, progress)) keepRead(progress, read)
  const { reads } = progress
  const last = rest.length > reads.length ? rest[reads.length - 1]?.place : undefined
  return withCursors(cursor, way, { reads, ...(rest[0] && { first: rest[0].place }) }, last)
}
