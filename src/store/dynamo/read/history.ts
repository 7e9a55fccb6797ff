import {
  currentKey,
  dayKey,
  dayOfInstant,
  dayPartition,
  type Key,
  pastKey,
  resourceOfPartition,
  resourcePartition,
  shardCounts,
  typePartition,
  versionOfKey,
} from '../../keys.ts'
import { inParallel } from '../../parallel.ts'
import type { HistoryPage, HistoryScope, ResourceKey, Version } from '../../port.ts'
import { readAll } from '../batch.ts'
import type { ResourceItem } from '../items.ts'
import { query, type Session } from '../session.ts'
import { pastItems } from './exact.ts'
import { queryUpTo } from './query-pages.ts'
import { betweenParams, historyIndexes, historyParams, type Stretch } from './query-params.ts'
import { currentItems, versionsOf } from './read.ts'

/** Below and above every instant. */
const bottom = '0'
const top = '\uffff'

/** How many days of the tenant's history are read at once. */
const daysAtOnce = 8

const highestVersion = 9_999_999_999

/** Flips that fall between the two reads leave a gap, as a purge does: past copies were put before, so a second look has them. */
const isBroken = (newest: ResourceItem, below: number, past: readonly ResourceItem[]): boolean =>
  Math.min(newest.v, below) - 1 > (past.find(({ v }) => v < newest.v)?.v ?? 0)

const historyOfOne = async (
  session: Session,
  key: ResourceKey,
  scope: HistoryScope,
): Promise<HistoryPage> => {
  const { limit, since = '', after } = scope
  const below = after === undefined ? highestVersion : Number(after)
  const readPast = () => pastItems(session, key, below, limit + 2)
  const [current, first] = await Promise.all([currentItems(session, [key]), readPast()])
  const newest = current.get(currentKey(session.tenant, key).pk)
  if (!newest) return { versions: [] }
  const past = isBroken(newest, below, first) ? await readPast() : first
  const older = past.filter(({ v }) => v < newest.v)
  const all = (newest.v < below ? [newest, ...older] : older).filter(({ t }) => t >= since)
  const items = all.slice(0, limit)
  const versions = await versionsOf(session, items)
  return all.length > limit ? { versions, after: String(items.at(-1)?.v) } : { versions }
}

interface Place {
  key: ResourceKey
  v: number
  order: string
}

const placesOf = async (
  session: Session,
  index: keyof typeof historyIndexes,
  partition: string,
  stretch: Stretch,
): Promise<Place[]> => {
  const params = historyParams(session.tables.resources, index, partition, stretch)
  const items = await queryUpTo(session, params)
  return items.map((item) => {
    const order = String(item[historyIndexes[index].sk])
    return { key: resourceOfPartition(String(item.pk)), v: versionOfKey(order), order }
  })
}

/** What is listed in which order, and the place behind which it begins. */
interface Wanted {
  since: string
  /** Above every order of the last instant. */
  until: string
  after: string | undefined
  oldestFirst: boolean
  limit: number
}

const wantedOf = ({ since, until, after, oldestFirst = false, limit }: HistoryScope): Wanted => ({
  since: since ?? bottom,
  until: until === undefined ? top : `${until}${top}`,
  after,
  oldestFirst,
  limit,
})

/** The cursor is a place that was listed already: one more is read for it, and one to know whether there is a next page. */
const stretchOf = ({ since, until, after, oldestFirst, limit }: Wanted): Stretch => ({
  from: oldestFirst ? (after ?? since) : since,
  to: oldestFirst ? until : (after ?? until),
  oldestFirst,
  limit: limit + 2,
})

/** Returns the places of a page in order, and the one behind them where there is one. */
const listed = (places: readonly Place[], { after, oldestFirst, limit }: Wanted): Place[] => {
  const isNext = ({ order }: Place) => after === undefined || (oldestFirst ? order > after : order < after)
  const distinct = new Map(places.filter(isNext).map((place) => [place.order, place]))
  const sign = oldestFirst ? 1 : -1
  return [...distinct.values()].sort((a, b) => (a.order < b.order ? -sign : sign)).slice(0, limit + 1)
}

const versionsAt = async (session: Session, places: readonly Place[]): Promise<Version[]> => {
  const { tenant, tables } = session
  const current = await currentItems(
    session,
    places.map(({ key }) => key),
  )
  const isNow = ({ key, v }: Place) => current.get(resourcePartition(tenant, key))?.v === v
  const pastKeys = places.filter((place) => !isNow(place)).map(({ key, v }): Key => pastKey(tenant, key, v))
  const past = pastKeys.length ? await readAll<ResourceItem>(session, tables.resources, pastKeys) : []
  const byPlace = new Map(past.map((item) => [`${item.pk}|${item.v}`, item]))
  const items = places.map((place) => {
    const partition = resourcePartition(tenant, place.key)
    return isNow(place) ? current.get(partition) : byPlace.get(`${partition}|${place.v}`)
  })
  return versionsOf(
    session,
    items.filter((item) => item !== undefined),
  )
}

const pageAt = async (session: Session, places: readonly Place[], wanted: Wanted): Promise<HistoryPage> => {
  const found = listed(places, wanted)
  const page = found.slice(0, wanted.limit)
  const versions = await versionsAt(session, page)
  const last = page.at(-1)
  return found.length > wanted.limit && last ? { versions, after: last.order } : { versions }
}

const historyOfType = async (session: Session, type: string, wanted: Wanted): Promise<HistoryPage> => {
  const shards = [...Array(shardCounts['by-type']).keys()]
  const read = (shard: number) =>
    placesOf(session, 'by-type', typePartition(session.tenant, type, shard), stretchOf(wanted))
  return pageAt(session, (await Promise.all(shards.map(read))).flat(), wanted)
}

const mostDays = 1000

/** Returns the days that have history between two orders, in the order in which they are listed. */
const markedDays = async (
  session: Session,
  { from, to, oldestFirst }: Stretch,
  after?: string,
): Promise<{ days: string[]; more?: string }> => {
  const { pk } = dayKey(session.tenant, '')
  const range = { from: dayOfInstant(from), to: dayOfInstant(to), reverse: !oldestFirst, limit: mostDays }
  const params = betweenParams(session.tables.system, pk, { ...range, ...(after && { after }) })
  const { Items = [], LastEvaluatedKey } = await query(session, params)
  const days = Items.map(({ sk }) => String(sk))
  return LastEvaluatedKey ? { days, more: LastEvaluatedKey.sk } : { days }
}

async function* daysOf(session: Session, stretch: Stretch): AsyncGenerator<string[]> {
  let more: string | undefined
  do {
    const page = await markedDays(session, stretch, more)
    for (let i = 0; i < page.days.length; i += daysAtOnce) yield page.days.slice(i, i + daysAtOnce)
    more = page.more
  } while (more !== undefined)
}

const historyOfAll = async (session: Session, wanted: Wanted): Promise<HistoryPage> => {
  const shards = [...Array(shardCounts['by-time']).keys()]
  const stretch = stretchOf(wanted)
  const places: Place[] = []
  for await (const days of daysOf(session, stretch)) {
    const partitions = days.flatMap((day) => shards.map((shard) => dayPartition(session.tenant, day, shard)))
    const read = (partition: string) => placesOf(session, 'by-time', partition, stretch)
    places.push(...(await inParallel(16, partitions, read)).flat())
    if (listed(places, wanted).length > wanted.limit) break
  }
  return pageAt(session, places, wanted)
}

/** Returns one page of history, deduplicated by id and version. */
export const history = (session: Session, scope: HistoryScope): Promise<HistoryPage> => {
  const { type, id } = scope
  if (type !== undefined && id !== undefined) return historyOfOne(session, { type, id }, scope)
  const wanted = wantedOf(scope)
  const { from, to } = stretchOf(wanted)
  if (to < from) return Promise.resolve({ versions: [] })
  return type === undefined ? historyOfAll(session, wanted) : historyOfType(session, type, wanted)
}
