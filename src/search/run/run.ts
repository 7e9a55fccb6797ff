import { referenceTo } from '../../fhir/references.ts'
import { failure } from '../../outcome/failure.ts'
import type { Candidate } from '../../store/port.ts'
import { type Cursor, isBehind, type Place } from '../cursor.ts'
import { orderPositionOf } from '../index/order.ts'
import type { SearchPlan } from '../plan/plan.ts'
import { isOpen, type Query } from '../query.ts'
import type { Read, Scope } from '../scope.ts'
import { chooseWay, type Way, wayBesides } from './choose.ts'
import type { Drive } from './drive.ts'
import { judge, namedCandidate } from './hydrate.ts'
import { candidateOf } from './match.ts'
import {
  arrive,
  isFull,
  keep,
  newProgress,
  type Placed,
  type Progress,
  placesIn,
  showPassed,
} from './progress.ts'
import { placeByKeys, sortReads } from './sort.ts'

/** One page of matches in order. */
export interface Page {
  readonly reads: readonly Read[]
  /** Where the next page begins, if more may follow. */
  readonly next?: Cursor
  /** Where the page before ends, if there may be one. */
  readonly previous?: Cursor
  /** How the candidates were found, for `_explain`. */
  readonly way: string
}

/** Returns the page of a query's matches that follows the cursor. */
export const readPage = async (
  scope: Scope,
  query: Query,
  plan: SearchPlan,
  cursor?: Cursor,
): Promise<Page> => {
  if (plan.nothing) return { reads: [], way: 'nothing can match' }
  if (plan.ids && !cursor?.by.startsWith('own:'))
    return gatheredPage(scope, query, plan, idCandidates(plan.ids), cursor, 'ids')
  const way = await chooseWay(scope, plan, query.count, { by: cursor?.by || undefined, back: cursor?.back })
  if (!way.gather) return streamedPage(scope, query, way.drive, cursor)
  const candidates = await gather(scope, way)
  if (!candidates) {
    const other = cursor ? undefined : wayBesides(scope, plan, query.count)
    if (!other) throw tooManyToSort(query, way.drive)
    return streamedPage(scope, query, other.drive, cursor)
  }
  return gatheredPage(scope, query, plan, candidates, cursor, `${way.drive.name}, sorted`)
}

const idCandidates = (ids: readonly string[]): readonly Candidate[] => ids.map(namedCandidate)

const longestBatch = 300
const shortestBatch = 20

/** Where links are followed from each candidate, no more are judged than are likely to be wanted. */
const longest = (query: Query): number => (isOpen(query) ? 50 : longestBatch)

const streamedPage = async (
  scope: Scope,
  query: Query,
  drive: Drive,
  cursor: Cursor | undefined,
): Promise<Page> => {
  const progress = newProgress()
  const source = batches(drive, cursor)
  while (!progress.done && !isFull(scope, query, progress)) {
    const batch = await source.next(batchSize(query, progress))
    await judgeBatch(scope, query, drive, { ...batch, from: cursor?.end ? undefined : cursor?.at }, progress)
    progress.done = batch.end
    if (batch.stop && !isFull(scope, query, progress))
      return linked(cursor, drive, progress, shortOf(query, drive, batch.stop, cursor))
    if (scope.use.resources >= scope.limits.resources) break
  }
  const more = progress.at !== undefined && source.mayHaveMore(progress.at)
  return linked(cursor, drive, progress, more ? progress.at : undefined)
}

const batchSize = (query: Query, { reads, judged }: Progress): number => {
  const missing = query.count - reads.length
  const rate = judged === 0 ? 1 : Math.max(reads.length / judged, 0.05)
  return Math.min(Math.max(Math.ceil(missing / rate), Math.min(missing, shortestBatch)), longest(query))
}

/** A batch, and where its page begins. */
interface Judging extends Batch {
  from: Place | undefined
}

/** Judges candidates until the page is full; the rest of the batch is left for the next page. */
const judgeBatch = async (
  scope: Scope,
  query: Query,
  drive: Drive,
  batch: Judging,
  progress: Progress,
): Promise<void> => {
  const { candidates, back, end } = batch
  const judged = await judge(scope, query, candidates)
  const placeOf = placesIn(drive, back)
  const isAfter = (a: Place, b: Place): boolean => isBehind(a, b, drive.reverse, back)
  for (const [i, { order, id }] of candidates.entries()) {
    const here = { order, id }
    showPassed(scope, query, progress, (place) => isAfter(here, place))
    if (isFull(scope, query, progress)) return
    progress.judged++
    progress.at = here
    const read = judged[i]
    if (read) arrive(progress, read, { here, place: placeOf(read), from: batch.from, isAfter })
  }
  if (end) showPassed(scope, query, progress, () => true)
}

/** Returns the page with the cursors to both sides; what was read going back is turned round. */
const linked = (
  cursor: Cursor | undefined,
  { by, name }: Pick<Drive, 'by' | 'name'>,
  { reads, first }: Pick<Progress, 'reads' | 'first'>,
  rest: Place | undefined,
): Page => {
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
const justBehind = ({ order, id }: Place): Place => ({ order, id: id + lastId })
const justBefore = ({ order }: Place): Place => ({ order, id: '' })

/** The budget is spent: what was found is given, with a cursor to where the reading stopped. */
const shortOf = (query: Query, drive: Drive, stop: Place, cursor: Cursor | undefined): Place => {
  if (!cursor || cursor.end || isBehind(stop, cursor.at, drive.reverse, cursor.back)) return stop
  throw failure(
    'too-costly',
    'Too many resources stand at the same place of the order to be read at once. Narrow the search, by a date or a patient for instance.',
    query.type,
  )
}

interface Batch {
  candidates: readonly Candidate[]
  /** The order is read backwards. */
  back: boolean
  /** Nothing follows. */
  end: boolean
  /** The budget was spent when the reading had come here. */
  stop?: Place
}

interface Batches {
  next(size: number): Promise<Batch>
  mayHaveMore(at: Place): boolean
}

/** Cuts the groups of a drive into batches of candidates behind the cursor; ids ascend among equals, going back they descend. */
const batches = ({ groups, reverse }: Drive, cursor: Cursor | undefined): Batches => {
  const { back = false } = cursor ?? {}
  const from = cursor?.end ? undefined : cursor?.at
  let first = true
  let ended = false
  let waiting: Candidate[] = []
  let last: Candidate | undefined
  const isNew = (candidate: Candidate): boolean =>
    from === undefined || isBehind(candidate, from, reverse, back)

  /** Reads groups until so many candidates wait; returns where the budget was spent, if it was. */
  const load = async (size: number): Promise<Place | undefined> => {
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

  const next = async (size: number): Promise<Batch> => {
    const stop = await load(size)
    const candidates = waiting.slice(0, size)
    waiting = waiting.slice(size)
    last = candidates.at(-1) ?? last
    return { candidates, back, end: ended && waiting.length === 0, ...(stop && { stop }) }
  }

  const isLast = ({ id, order }: Place): boolean => last?.id === id && last.order === order
  return { next, mayHaveMore: (at) => !ended || waiting.length > 0 || !isLast(at) }
}

/** Reads all candidates, each id once; nothing where they are too many to be sorted. */
const gather = async (scope: Scope, { drive }: Way): Promise<readonly Candidate[] | undefined> => {
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

/** Judges all candidates, sorts what matches, and cuts the page out of it. */
const gatheredPage = async (
  scope: Scope,
  query: Query,
  plan: SearchPlan,
  candidates: readonly Candidate[],
  cursor: Cursor | undefined,
  way: string,
): Promise<Page> => {
  const judged: (Read | undefined)[] = []
  const size = longest(query)
  for (let i = 0; i < candidates.length; i += size) {
    judged.push(...(await judge(scope, query, candidates.slice(i, i + size))))
  }
  const found = judged.filter((read) => read !== undefined)
  const byType = plan.sort.by === 'type'
  const all = byType ? byStanding(found, plan.sort.descending) : sortReads(found, query.sort)
  const placed = query.containedType === 'container' ? firstOfEach(all) : all
  const behind = (a: Place, b: Place): boolean =>
    byType ? isBehind(a, b, plan.sort.descending) : placeByKeys(query.sort, a, b) > 0
  const inWay = cursor?.back ? placed.toReversed() : placed
  const rest = inWay.filter(({ place }) => {
    if (!cursor || cursor.end) return true
    return cursor.back ? behind(cursor.at, place) : behind(place, cursor.at)
  })
  return cutPage(scope, query, rest, cursor, { by: byType ? 'type' : 'keys', name: way })
}

const firstOfEach = (placed: readonly Placed[]): readonly Placed[] => {
  const listed = new Set<string>()
  return placed.filter(({ read: { version } }) => {
    const isFirst = !listed.has(referenceTo(version))
    listed.add(referenceTo(version))
    return isFirst
  })
}

const byStanding = (reads: readonly Read[], descending: boolean): readonly Placed[] =>
  reads
    .map((read) => ({
      read,
      place: { order: orderPositionOf(read.resource, read.version.t).order, id: candidateOf(read.resource) },
    }))
    .sort((a, b) => (isBehind(a.place, b.place, descending) ? 1 : -1))

const cutPage = (
  scope: Scope,
  query: Query,
  rest: readonly Placed[],
  cursor: Cursor | undefined,
  way: Pick<Drive, 'by' | 'name'>,
): Page => {
  const progress = newProgress()
  for (const { read } of rest) if (!isFull(scope, query, progress)) keep(progress, read)
  const { reads } = progress
  const last = rest.length > reads.length ? rest[reads.length - 1]?.place : undefined
  return linked(cursor, way, { reads, ...(rest[0] && { first: rest[0].place }) }, last)
}
