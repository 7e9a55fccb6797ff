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
import { queryItems, type Session } from '../session.ts'
import { pastItems } from './exact.ts'
import { queryUpTo } from './query-pages.ts'
import { betweenParams, historyIndexes, historyParams, type Stretch } from './query-params.ts'
import { currentItems, versionsOf } from './read.ts'

/** Sort below and above every instant. */
const bottom = '0'
const top = '\uffff'

/** The days of a tenant's history that are read at once. */
const daysAtOnce = 8

const highestVersion = 9_999_999_999

/**
 * Returns whether versions are missing between the newest and the past versions, after a flip between the two reads or a
 * purge. Past copies are put before the flip, so that a second read finds them.
 */
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

interface ListedVersion {
  key: ResourceKey
  v: number
  order: string
}

const readListed = async (
  session: Session,
  index: keyof typeof historyIndexes,
  partition: string,
  stretch: Stretch,
): Promise<ListedVersion[]> => {
  const params = historyParams(session.tables.resources, index, partition, stretch)
  const items = await queryUpTo(session, params)
  return items.map((item) => {
    const order = String(item[historyIndexes[index].sk])
    return { key: resourceOfPartition(String(item.pk)), v: versionOfKey(order), order }
  })
}

/** The bounds, direction and limit of a history of a type or of all, and the order after which the page begins. */
interface HistoryQuery {
  since: string
  /** Sorts above every order of the last instant. */
  until: string
  after: string | undefined
  oldestFirst: boolean
  limit: number
}

const historyQuery = ({ since, until, after, oldestFirst = false, limit }: HistoryScope): HistoryQuery => ({
  since: since ?? bottom,
  until: until === undefined ? top : `${until}${top}`,
  after,
  oldestFirst,
  limit,
})

/**
 * Returns the stretch that a page is read from: two versions more than the limit, since the cursor's own version is read
 * again and a further version shows whether there is a next page.
 */
const stretchOf = ({ since, until, after, oldestFirst, limit }: HistoryQuery): Stretch => ({
  from: oldestFirst ? (after ?? since) : since,
  to: oldestFirst ? until : (after ?? until),
  oldestFirst,
  limit: limit + 2,
})

/** Returns the listed versions of a page in order, and the first version of the next page if there is a next page. */
const pageOfListed = (
  places: readonly ListedVersion[],
  { after, oldestFirst, limit }: HistoryQuery,
): ListedVersion[] => {
  const isNext = ({ order }: ListedVersion) =>
    after === undefined || (oldestFirst ? order > after : order < after)
  const distinct = new Map(places.filter(isNext).map((place) => [place.order, place]))
  const sign = oldestFirst ? 1 : -1
  return [...distinct.values()].sort((a, b) => (a.order < b.order ? -sign : sign)).slice(0, limit + 1)
}

const versionsOfListed = async (session: Session, places: readonly ListedVersion[]): Promise<Version[]> => {
  const { tenant, tables } = session
  const current = await currentItems(
    session,
    places.map(({ key }) => key),
  )
  const isNow = ({ key, v }: ListedVersion) => current.get(resourcePartition(tenant, key))?.v === v
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

const listedPage = async (
  session: Session,
  places: readonly ListedVersion[],
  wanted: HistoryQuery,
): Promise<HistoryPage> => {
  const found = pageOfListed(places, wanted)
  const page = found.slice(0, wanted.limit)
  const versions = await versionsOfListed(session, page)
  const last = page.at(-1)
  return found.length > wanted.limit && last ? { versions, after: last.order } : { versions }
}

const historyOfType = async (session: Session, type: string, wanted: HistoryQuery): Promise<HistoryPage> => {
  const shards = [...Array(shardCounts['by-type']).keys()]
  const read = (shard: number) =>
    readListed(session, 'by-type', typePartition(session.tenant, type, shard), stretchOf(wanted))
  return listedPage(session, (await Promise.all(shards.map(read))).flat(), wanted)
}

const mostDays = 1000

/** Returns the days that have history between two orders, in the stretch's direction. */
const markedDays = async (
  session: Session,
  { from, to, oldestFirst }: Stretch,
  after?: string,
): Promise<{ days: string[]; more?: string }> => {
  const { pk } = dayKey(session.tenant, '')
  const range = { from: dayOfInstant(from), to: dayOfInstant(to), reverse: !oldestFirst, limit: mostDays }
  const params = betweenParams(session.tables.system, pk, { ...range, ...(after && { after }) })
  const { Items = [], LastEvaluatedKey } = await queryItems(session, params)
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

const historyOfAll = async (session: Session, wanted: HistoryQuery): Promise<HistoryPage> => {
  const shards = [...Array(shardCounts['by-time']).keys()]
  const stretch = stretchOf(wanted)
  const places: ListedVersion[] = []
  for await (const days of daysOf(session, stretch)) {
    const partitions = days.flatMap((day) => shards.map((shard) => dayPartition(session.tenant, day, shard)))
    const read = (partition: string) => readListed(session, 'by-time', partition, stretch)
    places.push(...(await inParallel(16, partitions, read)).flat())
    if (pageOfListed(places, wanted).length > wanted.limit) break
  }
  return listedPage(session, places, wanted)
}

/** Returns a page of history, each version once. */
export const readHistory = (session: Session, scope: HistoryScope): Promise<HistoryPage> => {
  const { type, id } = scope
  if (type !== undefined && id !== undefined) return historyOfOne(session, { type, id }, scope)
  const wanted = historyQuery(scope)
  const { from, to } = stretchOf(wanted)
  if (to < from) return Promise.resolve({ versions: [] })
  return type === undefined ? historyOfAll(session, wanted) : historyOfType(session, type, wanted)
}
