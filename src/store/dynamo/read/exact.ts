/** Reads versions by their number while others write: the current and the past version are separate items. */

import {
  currentKey,
  isCurrent,
  type Key,
  pastKey,
  pastSortKey,
  resourcePartition,
  textOfKey,
} from '../../keys.ts'
import { inParallel } from '../../parallel.ts'
import type { ResourceKey, Version, VersionKey } from '../../port.ts'
import { readAll } from '../batch.ts'
import type { ResourceItem } from '../items.ts'
import type { Session } from '../session.ts'
import { queryUpTo } from './query-pages.ts'
import { betweenParams } from './query-params.ts'
import { settledReading, versionsOf } from './read.ts'

const readItems = async (session: Session, keys: readonly Key[]): Promise<Map<string, ResourceItem>> => {
  const read = () => readAll<ResourceItem>(session, session.tables.resources, keys)
  return new Map((await settledReading(session, read)).map((item) => [textOfKey(item), item]))
}

/**
 * Returns the items of these versions; undefined for a version that never existed, does not exist yet, or was purged. A
 * flip may fall between the two reads of a version: its past copy was put before the flip, so that a second read finds
 * the copy.
 */
const exactItems = async (
  session: Session,
  keys: readonly VersionKey[],
): Promise<(ResourceItem | undefined)[]> => {
  const { tenant } = session
  const places = keys.map((key) => ({ current: currentKey(tenant, key), past: pastKey(tenant, key, key.v) }))
  const found = await readItems(
    session,
    places.flatMap(({ current, past }) => [current, past]),
  )
  const pickFrom = (items: ReadonlyMap<string, ResourceItem>, at: number): ResourceItem | undefined => {
    const { current, past } = places[at] as (typeof places)[number]
    const [now, before] = [found.get(textOfKey(current)), items.get(textOfKey(past))]
    const v = keys[at]?.v ?? 0
    if (now?.v === v) return now
    return before?.v === v && now && v <= now.v ? before : undefined
  }
  const first = keys.map((_, at) => pickFrom(found, at))
  const isPast = (at: number): boolean =>
    (found.get(textOfKey(places[at]?.current as Key))?.v ?? 0) > (keys[at]?.v ?? 0)
  const missing = places.flatMap(({ past }, at) => (!first[at] && isPast(at) ? [past] : []))
  if (missing.length === 0) return first
  const again = await readItems(session, missing)
  return first.map((item, at) => item ?? pickFrom(again, at))
}

/** Returns exactly these versions, in the keys' order. Reads are consistent. */
export const exactVersions = async (
  session: Session,
  keys: readonly VersionKey[],
): Promise<(Version | undefined)[]> => {
  const items = await exactItems(session, keys)
  const there = items.filter((item) => item !== undefined)
  const versions = new Map((await versionsOf(session, there)).map((version, at) => [there[at], version]))
  return items.map((item) => item && versions.get(item))
}

/** Returns a version of a resource, current or past. */
export const exactVersion = async (
  session: Session,
  key: ResourceKey,
  v: number,
): Promise<Version | undefined> => (await exactVersions(session, [{ type: key.type, id: key.id, v }]))[0]

/** Returns the items of past versions below a number, newest first. */
export const pastItems = async (
  session: Session,
  key: ResourceKey,
  below: number,
  limit: number,
): Promise<ResourceItem[]> => {
  const range = { from: pastSortKey(0), to: pastSortKey(below), reverse: true, limit }
  const params = betweenParams(session.tables.resources, resourcePartition(session.tenant, key), range)
  const items = await queryUpTo(session, params)
  return (items as unknown as ResourceItem[]).filter(({ v, sk }) => v < below && !isCurrent(sk))
}

const resourcesAtOnce = 32

/** Returns, for each key, up to `limit` versions before that number, newest first. Reads are consistent. */
export const versionsBelow = (
  session: Session,
  keys: readonly VersionKey[],
  limit: number,
): Promise<Version[][]> =>
  inParallel(resourcesAtOnce, keys, async (key) =>
    versionsOf(session, await pastItems(session, key, key.v, limit)),
  )
