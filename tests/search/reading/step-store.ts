/** A store in memory of which every read and write of an item is a step. */
import { indexEntriesOf } from '../../../src/search/index/entries.ts'
import { candidatesOf, type IndexItem, indexItems } from '../../../src/store/dynamo/index/items.ts'
import { beginReading } from '../../../src/store/dynamo/read/visible.ts'
import type { Session } from '../../../src/store/dynamo/session.ts'
import { isBelow, listPartition, orderBounds } from '../../../src/store/keys.ts'
import type { Range, RangePage, ResourceKey, Store, Version, VersionKey } from '../../../src/store/port.ts'
import { memberListOf } from '../../../src/store/write-ids.ts'
import { type Known, stored } from '../hospital.ts'
import type { Step } from './schedule.ts'

export const nameOf = ({ type, id }: ResourceKey): string => `${type}/${id}`

/** What a transaction leaves of each resource; undefined where it deletes it. */
export type Content = Readonly<Record<string, Known | undefined>>

export interface Transaction {
  w: string
  members: ReadonlyMap<string, number>
  versions: readonly Version[]
  landed: Set<string>
}

const now = Date.parse('2026-11-01T00:00:00Z')
const tenant = 't'

/** Returns a write id that is the same in each run; the salt decides its shards. */
export const writeId = (isAlone: boolean, salt: number): string => {
  const bytes = Buffer.alloc(12, salt)
  bytes.writeUInt32BE(now / 1000)
  return `${isAlone ? 'a' : 's'}${bytes.toString('base64url')}`
}

export class World {
  readonly versions = new Map<string, Version[]>()
  readonly current = new Map<string, Version>()
  readonly past = new Map<string, Version>()
  readonly index = new Map<string, IndexItem[]>()
  readonly transactions = new Map<string, Transaction>()
  readonly locked = new Set<string>()
  /** Partitions that writers change; reading any other is no step. */
  readonly changed = new Set<string>()
  readonly committed: Session['memory']['committed'] = { moments: 0, lists: new Map(), met: new Map() }
  clock = 0

  constructor(content: Content) {
    const w = writeId(true, 0)
    for (const [name, resource] of Object.entries(content)) {
      const version = resource && this.versionOf(name, resource, undefined, w)
      if (!version) continue
      this.current.set(name, version)
      this.versions.set(name, [version])
      for (const item of this.itemsOf(version)) this.put(item)
    }
  }

  versionOf(name: string, resource: Known | undefined, before: Version | undefined, w: string): Version {
    const [type = '', id = ''] = name.split('/')
    const v = (before?.v ?? 0) + 1
    const t = new Date(now + v * 1000).toISOString()
    const text = resource ? JSON.stringify(stored(resource, v, t)) : ''
    return { type, id, v, w, t, method: resource ? 'PUT' : 'DELETE', deleted: !resource, text }
  }

  itemsOf({ id, v, w, t, text }: Version): IndexItem[] {
    return text === '' ? [] : indexItems(tenant, [{ id, v, w, entries: indexEntriesOf(JSON.parse(text), t) }])
  }

  put(item: IndexItem): void {
    const items = this.index.get(item.pk) ?? []
    const same = items.find(({ sk }) => sk === item.sk)
    if (same && !same.ids.includes(item.ids[0] as string)) {
      same.since = [...(same.since ?? same.ids.map(() => 1)), item.since?.[0] ?? 1]
      same.ids = [...same.ids, ...item.ids]
    }
    if (!same) items.push(item)
    items.sort((a, b) => (isBelow(a.sk, b.sk) ? -1 : 1))
    this.index.set(item.pk, items)
  }
}

const session = (world: World): Session =>
  ({
    tenant,
    memory: { committed: world.committed },
    clients: {},
    clock: { now: () => now, monotonic: () => world.clock },
  }) as unknown as Session

/** Returns the store as one request reads it. */
export const stepStore = (world: World, process: string, step: Step): Store => {
  const readCurrent = (name: string) =>
    step(process, { reads: [name], writes: [] }, () => world.current.get(name))
  const readPast = (name: string, v: number) =>
    step(process, { reads: [`${name}/${v}`], writes: [] }, () => world.past.get(`${name}/${v}`))
  const exactlyOne = async (key: VersionKey): Promise<Version | undefined> => {
    const name = nameOf(key)
    const [at, before] = await Promise.all([readCurrent(name), readPast(name, key.v)])
    if (at?.v === key.v) return at
    if (!at || at.v < key.v) return undefined
    return before ?? readPast(name, key.v)
  }
  const nextItem = (range: Range, after: string | undefined): Promise<IndexItem | undefined> => {
    const pk = listPartition(tenant, range.list, range.shard)
    const { from, to } = orderBounds(range.from, range.to)
    const read = () => {
      const items = (world.index.get(pk) ?? []).filter(
        ({ sk }) => (from === undefined || !isBelow(sk, from)) && (to === undefined || isBelow(sk, to)),
      )
      const inWay = range.reverse ? items.toReversed() : items
      const found = inWay.find(
        ({ sk }) => after === undefined || (range.reverse ? isBelow(sk, after) : isBelow(after, sk)),
      )
      return found && { ...found }
    }
    return world.changed.has(pk) ? step(process, { reads: [pk], writes: [] }, read) : Promise.resolve(read())
  }
  const page = async (range: Range): Promise<RangePage> => {
    const items: IndexItem[] = []
    while (items.length < range.limit) {
      const item = await nextItem(range, items.at(-1)?.sk ?? range.after)
      if (!item) return { candidates: items.flatMap(candidatesOf) }
      items.push(item)
    }
    return { candidates: items.flatMap(candidatesOf), after: items.at(-1)?.sk as string }
  }
  const members: ReturnType<Store['reading']>['members'] = async (lists) =>
    new Map(lists.map((list) => [list, world.transactions.get(list)?.members ?? new Map()]))
  const store: Partial<Store> = {
    meter: { rounds: 0, calls: 0, readUnits: 0, writeUnits: 0 },
    get: (keys) => Promise.all(keys.map((key) => readCurrent(nameOf(key)))),
    version: exactlyOne,
    exactly: (keys) => Promise.all(keys.map(exactlyOne)),
    below: (keys) =>
      Promise.all(
        keys.map(async (key) => {
          const numbers = Array.from({ length: key.v - 1 }, (_, at) => key.v - 1 - at)
          const found = await Promise.all(numbers.map((v) => readPast(nameOf(key), v)))
          return found.filter((version) => version !== undefined)
        }),
      ),
    page,
    reading: () => ({ ...beginReading(session(world)), members }),
  }
  return store as Store
}

export interface Writing {
  w: string
  content: Content
  /** Whether the last resource lands first. */
  reversed?: boolean
}

/** Returns the partitions in which a writing puts entries. */
export const partitionsOf = (world: World, { w, content }: Writing): string[] =>
  Object.entries(content).flatMap(([name, resource]) =>
    world.itemsOf(world.versionOf(name, resource, undefined, w)).map(({ pk }) => pk),
  )

/** Writes as the store does: entries first, then past versions, then the flip, of which one item lands after the other. */
export const write = async (
  world: World,
  process: string,
  step: Step,
  writing: Writing,
  isRead: (pk: string) => boolean,
): Promise<void> => {
  const { w, content, reversed = false } = writing
  const names = Object.keys(content)
  const before = await step(process, { reads: names, writes: [] }, () =>
    names.map((name) => world.current.get(name)),
  )
  const versions = names.map((name, at) => world.versionOf(name, content[name], before[at], w))
  const list = memberListOf(w) ?? w
  const members = new Map(versions.map((version) => [nameOf(version), version.v]))
  const transaction: Transaction = { w, members, versions, landed: new Set() }
  world.transactions.set(list, transaction)
  for (const version of versions)
    for (const item of world.itemsOf(version))
      if (isRead(item.pk)) await step(process, { reads: [], writes: [item.pk] }, () => world.put(item))
      else world.put(item)
  const pasts = before.filter((version) => version !== undefined)
  const pastNames = pasts.map((version) => `${nameOf(version)}/${version.v}`)
  await step(process, { reads: [], writes: pastNames }, () => {
    for (const version of pasts) world.past.set(`${nameOf(version)}/${version.v}`, version)
  })
  const isFree = () => names.every((name) => !world.locked.has(name))
  const land = (version: Version): void => {
    world.current.set(nameOf(version), version)
    world.versions.set(nameOf(version), [...(world.versions.get(nameOf(version)) ?? []), version])
    transaction.landed.add(nameOf(version))
  }
  const [first, ...others] = reversed ? versions.toReversed() : versions
  const isDone = await step(
    process,
    { reads: [], writes: ['moment', ...names] },
    () => {
      if (names.some((name, at) => world.current.get(name)?.v !== before[at]?.v)) return false
      for (const name of names) world.locked.add(name)
      land(first as Version)
      if (others.length === 0) for (const name of names) world.locked.delete(name)
      return true
    },
    isFree,
  )
  if (!isDone) return
  for (const [at, version] of others.entries())
    await step(process, { reads: [], writes: ['moment', nameOf(version)] }, () => {
      land(version)
      if (at === others.length - 1) for (const name of names) world.locked.delete(name)
    })
}
