import {
  currentKey,
  dayKey,
  dayOf,
  dayPartition,
  type Key,
  pastKey,
  pastSortKey,
  resourceOf,
  resourcePartition,
  shardCounts,
  typePartition,
  versionOf,
} from '../keys.ts'
import { inParallel } from '../parallel.ts'
import type { HistoryPage, HistoryScope, ResourceKey, Version } from '../port.ts'
import { readAll } from './batch.ts'
import type { ResourceItem } from './items.ts'
import { betweenParams, historyIndexes, historyParams } from './params.ts'
import { currentItems, versionsOf } from './read.ts'
import { query, type Session } from './session.ts'

/** Below and above every instant. */
const bottom = '0'
const top = '\uffff'

/** How many days of the tenant's history are read at once. */
const daysAtOnce = 8

const pastItems = async (
  session: Session,
  key: ResourceKey,
  below: number,
  limit: number,
): Promise<ResourceItem[]> => {
  const range = { from: pastSortKey(0), to: pastSortKey(below), reverse: true, limit }
  const params = betweenParams(session.tables.resources, resourcePartition(session.tenant, key), range)
  const { Items = [] } = await query(session, params)
  return (Items as ResourceItem[]).filter(({ v }) => v < below)
}

const highestVersion = 9_999_999_999

const historyOfOne = async (
  session: Session,
  key: ResourceKey,
  scope: HistoryScope,
): Promise<HistoryPage> => {
  const { limit, since = '', after } = scope
  const below = after === undefined ? highestVersion : Number(after)
  const [current, past] = await Promise.all([
    currentItems(session, [key]),
    pastItems(session, key, below, limit + 2),
  ])
  const newest = current.get(currentKey(session.tenant, key).pk)
  if (!newest) return { versions: [] }
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
  bounds: { since: string; before: string; limit: number },
): Promise<Place[]> => {
  const { Items = [] } = await query(
    session,
    historyParams(session.tables.resources, index, partition, bounds),
  )
  return Items.map((item) => {
    const order = String(item[historyIndexes[index].sk])
    return { key: resourceOf(String(item.pk)), v: versionOf(order), order }
  })
}

const newestFirst = (places: readonly Place[], before: string, limit: number): Place[] => {
  const distinct = new Map(places.filter(({ order }) => order < before).map((place) => [place.order, place]))
  return [...distinct.values()].sort((a, b) => (a.order < b.order ? 1 : -1)).slice(0, limit)
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

const pageAt = async (
  session: Session,
  places: readonly Place[],
  before: string,
  limit: number,
): Promise<HistoryPage> => {
  const listed = newestFirst(places, before, limit)
  const versions = await versionsAt(session, listed)
  const last = listed.at(-1)
  return listed.length === limit && last ? { versions, after: last.order } : { versions }
}

const historyOfType = async (session: Session, type: string, scope: HistoryScope): Promise<HistoryPage> => {
  const { limit, since = bottom, after: before = top } = scope
  const shards = [...Array(shardCounts['by-type']).keys()]
  const read = (shard: number) =>
    placesOf(session, 'by-type', typePartition(session.tenant, type, shard), {
      since,
      before,
      limit: limit + 1,
    })
  return pageAt(session, (await Promise.all(shards.map(read))).flat(), before, limit)
}

const markedDays = async (session: Session, since: string, before: string): Promise<string[]> => {
  const { pk } = dayKey(session.tenant, '')
  const range = { from: dayOf(since), to: dayOf(before), reverse: true, limit: 1000 }
  const { Items = [] } = await query(session, betweenParams(session.tables.system, pk, range))
  return Items.map(({ sk }) => String(sk))
}

const historyOfAll = async (session: Session, scope: HistoryScope): Promise<HistoryPage> => {
  const { limit, since = bottom, after: before = top } = scope
  const shards = [...Array(shardCounts['by-time']).keys()]
  const places: Place[] = []
  const days = await markedDays(session, since, before)
  while (days.length > 0 && newestFirst(places, before, limit).length < limit) {
    const partitions = days
      .splice(0, daysAtOnce)
      .flatMap((day) => shards.map((shard) => dayPartition(session.tenant, day, shard)))
    const bounds = { since, before, limit: limit + 1 }
    const read = (partition: string) => placesOf(session, 'by-time', partition, bounds)
    places.push(...(await inParallel(16, partitions, read)).flat())
  }
  return pageAt(session, places, before, limit)
}

/** Returns one page of history, newest first; deduplicated by id and version. */
export const history = (session: Session, scope: HistoryScope): Promise<HistoryPage> => {
  const { type, id, since = bottom, after = top } = scope
  if (type !== undefined && id !== undefined) return historyOfOne(session, { type, id }, scope)
  if (after < since) return Promise.resolve({ versions: [] })
  return type === undefined ? historyOfAll(session, scope) : historyOfType(session, type, scope)
}
