import { entryKey, entryPlace, type Key, textOfKey } from '../../keys.ts'
import { inParallel } from '../../parallel.ts'
import type { Candidate, Entry } from '../../port.ts'
import { isAlone } from '../../write-ids.ts'
import { type BatchRequest, readAll, writeAll } from '../batch.ts'
import { deadParams } from '../params.ts'
import { deleteItem, errorName, type Session, updateItem } from '../session.ts'

/** An item of the `search` table: the ids that a write put at this list and order, with their upper bounds and facets. */
export interface IndexItem extends Key {
  ids: string[]
  highs?: string[]
  facets?: Uint8Array[]
  /** The version number that each id was put for; absent if all are first versions. */
  since?: number[]
  /** Ids whose resource has a newer version; the item is removed when all its ids are dead. */
  dead?: Set<string>
}

/** The entries of a resource's version. */
export interface PlacedEntries {
  id: string
  v: number
  w: string
  entries: readonly Entry[]
}

/** The upper bound, facets and version number that an item holds for an id. */
export interface EntryMember {
  high: string
  facets: Uint8Array
  since: number
}

const noFacets = new Uint8Array()

const mergedMember = (
  { high = '', facets = noFacets }: Entry,
  since: number,
  other: EntryMember | undefined,
): EntryMember => ({
  high: other && other.high > high ? other.high : high,
  facets: facets.length > 0 ? facets : (other?.facets ?? noFacets),
  since,
})

/** Returns the members of each item that these entries share, by the item's key. */
export const itemsByKey = (
  tenant: string,
  placed: readonly PlacedEntries[],
): Map<string, Key & { members: Map<string, EntryMember> }> => {
  const items = new Map<string, Key & { members: Map<string, EntryMember> }>()
  for (const { id, v, w, entries } of placed) {
    for (const entry of entries) {
      const key = entryKey(tenant, entry.list, entry.order, w, entry.nth)
      const place = textOfKey(key)
      const item = items.get(place) ?? { ...key, members: new Map<string, EntryMember>() }
      const name = entry.as ?? id
      item.members.set(name, mergedMember(entry, v, item.members.get(name)))
      items.set(place, item)
    }
  }
  return items
}

/** Returns the index item that holds these members. */
export const indexItem = ({ pk, sk }: Key, members: ReadonlyMap<string, EntryMember>): IndexItem => {
  const all = [...members.values()]
  return {
    pk,
    sk,
    ids: [...members.keys()],
    ...(all.some(({ high }) => high !== '') && { highs: all.map(({ high }) => high) }),
    ...(all.some(({ facets }) => facets.length > 0) && { facets: all.map(({ facets }) => facets) }),
    ...(all.some(({ since }) => since !== 1) && { since: all.map(({ since }) => since) }),
  }
}

/** Returns an item's members by their ids, dead ids included. */
export const membersOfItem = ({ ids, highs, facets, since }: IndexItem): Map<string, EntryMember> =>
  new Map(
    ids.map((id, at) => [
      id,
      { high: highs?.[at] ?? '', facets: facets?.[at] ?? noFacets, since: since?.[at] ?? 1 },
    ]),
  )

/** Returns the index items that hold these entries: entries of the same list, order and write share an item. */
export const indexItems = (tenant: string, placed: readonly PlacedEntries[]): IndexItem[] =>
  [...itemsByKey(tenant, placed).values()].map((item) => indexItem(item, item.members))

/** Returns an index item's candidates: its ids that are not dead. */
export const candidatesOf = ({ sk, ids, highs, facets, since, dead }: IndexItem): Candidate[] => {
  const place = entryPlace(sk)
  return ids.flatMap((id, at) => {
    if (dead?.has(id)) return []
    const high = highs?.[at]
    const facet = facets?.[at]
    const extras = { ...(high && { high }), ...(facet?.length && { facets: facet }) }
    return [{ id, ...place, since: since?.[at] ?? 1, ...extras }]
  })
}

/** Removes whole index items. */
export const removeItems = (session: Session, keys: readonly Key[]): Promise<void> =>
  writeAll(
    session,
    keys.map(({ pk, sk }): BatchRequest => ({ table: session.tables.search, remove: { pk, sk } })),
  )

/** Marks ids of a shared item as dead, and removes the item when all its ids are dead; does nothing if the item is gone. */
export const markDead = async (session: Session, key: Key, ids: readonly string[]): Promise<void> => {
  try {
    const { Attributes } = await updateItem(session, deadParams(session.tables.search, key, ids))
    const item = Attributes as IndexItem | undefined
    if (!item?.ids.every((id) => item.dead?.has(id))) return
    await deleteItem(session, { TableName: session.tables.search, Key: { pk: key.pk, sk: key.sk } })
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
  }
}

/** Removes entries of versions that are no longer current: whole items of single resources, and ids within shared items. */
export const removeEntries = async (session: Session, placed: readonly PlacedEntries[]): Promise<void> => {
  const alone = placed.filter(({ w }) => isAlone(w))
  const shared = placed.filter(({ w }) => !isAlone(w))
  const marks = [...itemsByKey(session.tenant, shared).values()]
  await Promise.all([
    removeItems(session, [...itemsByKey(session.tenant, alone).values()]),
    inParallel(32, marks, (item) => markDead(session, item, [...item.members.keys()])),
  ])
}

/**
 * Removes the entries that are still present by eventually consistent reads, which cost half as much; returns the number
 * of changed items.
 */
export const removeLeftovers = async (
  session: Session,
  placed: readonly PlacedEntries[],
): Promise<number> => {
  const keys = [...itemsByKey(session.tenant, placed).values()].map(({ pk, sk }) => ({ pk, sk }))
  const there = await readAll<IndexItem>(session, session.tables.search, keys, false)
  const left = new Map(there.map((item) => [textOfKey(item), item]))
  const isLeft = (id: string, w: string) => (entry: Entry) => {
    const key = entryKey(session.tenant, entry.list, entry.order, w, entry.nth)
    const item = left.get(textOfKey(key))
    const name = entry.as ?? id
    return item?.ids.includes(name) && !item.dead?.has(name)
  }
  const remaining = placed
    .map((one) => ({ ...one, entries: one.entries.filter(isLeft(one.id, one.w)) }))
    .filter(({ entries }) => entries.length > 0)
  await removeEntries(session, remaining)
  return itemsByKey(session.tenant, remaining).size
}
