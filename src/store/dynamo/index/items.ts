import { entryKey, entryPlace, type Key } from '../../keys.ts'
import { inParallel } from '../../parallel.ts'
import type { Candidate, Entry } from '../../port.ts'
import { isAlone } from '../../write-ids.ts'
import { type BatchRequest, readAll, writeAll } from '../batch.ts'
import { deadParams } from '../params.ts'
import { deleteItem, errorName, type Session, updateItem } from '../session.ts'

/** An item of the `search` table: the ids one write put at one place, with their upper bounds and facets beside them. */
export interface IndexItem extends Key {
  ids: string[]
  highs?: string[]
  facets?: Uint8Array[]
  /** The number of the version that each id was put for; absent where all of them are first versions. */
  since?: number[]
  /** Ids whose resource has moved on; the item goes when all have. */
  dead?: Set<string>
}

/** The entries of one resource under one write. */
export interface Placed {
  id: string
  v: number
  w: string
  entries: readonly Entry[]
}

/** What an item says of one id. */
export interface Member {
  high: string
  facets: Uint8Array
  since: number
}

const nothing = new Uint8Array()

const memberOf = (
  { high = '', facets = nothing }: Entry,
  since: number,
  other: Member | undefined,
): Member => ({
  high: other && other.high > high ? other.high : high,
  facets: facets.length > 0 ? facets : (other?.facets ?? nothing),
  since,
})

/** Returns the items that these entries share, by their keys. */
export const gathered = (
  tenant: string,
  placed: readonly Placed[],
): Map<string, Key & { members: Map<string, Member> }> => {
  const items = new Map<string, Key & { members: Map<string, Member> }>()
  for (const { id, v, w, entries } of placed) {
    for (const entry of entries) {
      const key = entryKey(tenant, entry.list, entry.order, w, entry.nth)
      const place = `${key.pk}\n${key.sk}`
      const item = items.get(place) ?? { ...key, members: new Map<string, Member>() }
      const name = entry.as ?? id
      item.members.set(name, memberOf(entry, v, item.members.get(name)))
      items.set(place, item)
    }
  }
  return items
}

/** Returns the item that says this of its members. */
export const indexItem = ({ pk, sk }: Key, members: ReadonlyMap<string, Member>): IndexItem => {
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

/** Returns what an item says of each of its ids, dead ones included. */
export const membersOf = ({ ids, highs, facets, since }: IndexItem): Map<string, Member> =>
  new Map(
    ids.map((id, at) => [
      id,
      { high: highs?.[at] ?? '', facets: facets?.[at] ?? nothing, since: since?.[at] ?? 1 },
    ]),
  )

/** Returns the index items that hold these entries: one item for all that share list, order and write. */
export const indexItems = (tenant: string, placed: readonly Placed[]): IndexItem[] =>
  [...gathered(tenant, placed).values()].map((item) => indexItem(item, item.members))

/** Returns what an index item says about each of its living ids. */
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

/** Removes index items that no version will ever refer to. */
export const removeItems = (session: Session, keys: readonly Key[]): Promise<void> =>
  writeAll(
    session,
    keys.map(({ pk, sk }): BatchRequest => ({ table: session.tables.search, remove: { pk, sk } })),
  )

/** Marks ids of an item that several share as dead; the last of them takes the item away. */
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

/** Removes entries of versions that are no longer current, item by item where a write's resources share them. */
export const removeEntries = async (session: Session, placed: readonly Placed[]): Promise<void> => {
  const alone = placed.filter(({ w }) => isAlone(w))
  const shared = placed.filter(({ w }) => !isAlone(w))
  const marks = [...gathered(session.tenant, shared).values()]
  await Promise.all([
    removeItems(session, [...gathered(session.tenant, alone).values()]),
    inParallel(32, marks, (item) => markDead(session, item, [...item.members.keys()])),
  ])
}

/** Removes those entries that are still there, told by cheap reads that may lag; returns how many items it touched. */
export const removeLeftovers = async (session: Session, placed: readonly Placed[]): Promise<number> => {
  const keys = [...gathered(session.tenant, placed).values()].map(({ pk, sk }) => ({ pk, sk }))
  const there = await readAll<IndexItem>(session, session.tables.search, keys, false)
  const left = new Map(there.map((item) => [`${item.pk}\n${item.sk}`, item]))
  const isLeft = (id: string, w: string) => (entry: Entry) => {
    const { pk, sk } = entryKey(session.tenant, entry.list, entry.order, w, entry.nth)
    const item = left.get(`${pk}\n${sk}`)
    const name = entry.as ?? id
    return item?.ids.includes(name) && !item.dead?.has(name)
  }
  const remaining = placed
    .map((one) => ({ ...one, entries: one.entries.filter(isLeft(one.id, one.w)) }))
    .filter(({ entries }) => entries.length > 0)
  await removeEntries(session, remaining)
  return gathered(session.tenant, remaining).size
}
