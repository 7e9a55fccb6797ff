import { innerList } from '../../store/keys.ts'
import type { Candidate } from '../../store/port.ts'
import { justAfter, type ListStretch } from '../plan/bounds.ts'
import type { StageReader } from '../reading/memory.ts'

/** All candidates of the same order, by id. */
export interface Group {
  readonly order: string
  readonly candidates: ReadonlyMap<string, Candidate>
  /** The budget was spent before the whole group was read; all groups before are complete. */
  readonly partial?: true
}

/** Groups of candidates in the reading direction. */
export interface Groups {
  /** Returns the next group, skipping groups before the order `at`. */
  next(at?: string): Promise<Group | undefined>
  /** Reads the first pages, all at once. */
  prime(): Promise<void>
  /** Returns the number of candidates left, if known without reading. */
  left(): number | undefined
}

/** The direction, filter, budget and use that the lists of a search share. */
export interface ListScan {
  readonly store: Pick<StageReader, 'page'>
  readonly reverse: boolean
  /** The lists of contained resources are read. */
  readonly inner: boolean
  /** The most items on the first page of a shard. */
  readonly pageItems: number
  readonly keep: (candidate: Candidate) => boolean
  readonly budget: number
  readonly use: { entries: number; readonly lists: string[] }
}

const longestShardPage = 1000
const fewestItems = 10

const isSpent = (scan: ListScan): boolean => scan.use.entries >= scan.budget

/** Returns whether order `a` is read before order `b`. */
const precedes = ({ reverse }: ListScan, a: string, b: string): boolean => (reverse ? a > b : a < b)

/** Returns the groups of several stretches, merged in order. */
export const readStretches = (scan: ListScan, asked: readonly ListStretch[]): Groups => {
  const stretches = scan.inner ? asked.map((each) => ({ ...each, list: innerList(each.list) })) : asked
  scan.use.lists.push(...stretches.map(({ list }) => list.name))
  const count = stretches.reduce((total, { list }) => total + list.shards, 0)
  const items = Math.max(Math.ceil((scan.pageItems * 2) / (count + 1)), fewestItems)
  const shards = stretches.flatMap((stretch) =>
    Array.from({ length: stretch.list.shards }, (_, shard) => readShard(scan, stretch, shard, items)),
  )
  return shards.length === 1 && shards[0] ? shards[0] : unionGroups(scan, shards)
}

/** Returns the exclusive upper end of all orders with a prefix ending in `|`. */
const prefixEnd = (prefix: string): string | undefined =>
  prefix === '' ? undefined : `${prefix.slice(0, -1)}}`

interface Ends {
  from: string | undefined
  before: string | undefined
}

/** Moves the end where reading begins inwards; returns whether the stretch is not empty then. */
const reposition = ({ reverse }: ListScan, ends: Ends, at: string): boolean => {
  if (reverse && (ends.before === undefined || justAfter(at) < ends.before)) ends.before = justAfter(at)
  if (!reverse && (ends.from === undefined || at > ends.from)) ends.from = at
  return ends.from === undefined || ends.before === undefined || ends.from < ends.before
}

const readShard = (scan: ListScan, stretch: ListStretch, shard: number, items: number): Groups => {
  const { prefix } = stretch
  const ends: Ends = { from: stretch.from, before: stretch.before }
  let buffer: Candidate[] = []
  let limit = items
  let state: { after?: string; more: boolean; started: boolean } = { more: true, started: false }

  const keep = (candidate: Candidate): boolean =>
    (stretch.highFrom === undefined || (candidate.high ?? candidate.order) >= stretch.highFrom) &&
    scan.keep(candidate)

  const load = async (): Promise<void> => {
    const to = ends.before === undefined ? prefixEnd(prefix) : prefix + ends.before
    const page = await scan.store.page({
      list: stretch.list.name,
      shard,
      ...(ends.from !== undefined || prefix ? { from: prefix + (ends.from ?? '') } : {}),
      ...(to !== undefined && { to }),
      reverse: scan.reverse,
      ...(state.after !== undefined && { after: state.after }),
      limit,
    })
    limit = Math.min(limit * 2, longestShardPage)
    scan.use.entries += page.candidates.length
    lastSeen = page.candidates.at(-1)?.order.slice(prefix.length) ?? lastSeen
    const own = page.candidates.map((each) =>
      prefix ? { ...each, order: each.order.slice(prefix.length) } : each,
    )
    buffer.push(...own.filter(keep))
    state = {
      ...(page.after !== undefined && { after: page.after }),
      more: page.after !== undefined,
      started: true,
    }
  }

  let lastSeen: string | undefined

  const skipTo = (at: string): void => {
    const first = buffer.findIndex(({ order }) => !precedes(scan, order, at))
    buffer = first < 0 ? [] : buffer.slice(first)
    if (buffer.length > 0 || !state.more) return
    if (!reposition(scan, ends, at)) {
      state = { more: false, started: true }
      return
    }
    if (state.started) limit = Math.min(limit, items)
    state = { more: true, started: false }
  }

  const isWhole = (): boolean => buffer.length > 0 && buffer.at(-1)?.order !== buffer[0]?.order

  const next = async (at?: string): Promise<Group | undefined> => {
    if (at !== undefined) skipTo(at)
    while (state.more && !isWhole()) {
      if (isSpent(scan))
        return { order: buffer[0]?.order ?? lastSeen ?? at ?? '', candidates: new Map(), partial: true }
      await load()
    }
    const [first] = buffer
    if (!first) return undefined
    const end = buffer.findIndex(({ order }) => order !== first.order)
    const group = buffer.splice(0, end < 0 ? buffer.length : end)
    return { order: first.order, candidates: new Map(group.map((each) => [each.id, each])) }
  }

  return {
    next,
    prime: async () => {
      if (!state.started) await load()
    },
    left: () => (state.more ? undefined : buffer.length),
  }
}

const sumLeft = (numbers: readonly (number | undefined)[]): number | undefined =>
  numbers.reduce((total, each) => (total === undefined || each === undefined ? undefined : total + each), 0)

const primeAll = async (parts: readonly Groups[]): Promise<void> => {
  await Promise.all(parts.map((part) => part.prime()))
}

/** Returns the groups of all parts, merged in order. */
export const unionGroups = (scan: ListScan, parts: readonly Groups[]): Groups => {
  const heads = parts.map((part): { part: Groups; group?: Group | undefined; done: boolean } => ({
    part,
    done: false,
  }))

  const fill = async (head: (typeof heads)[number], at: string | undefined): Promise<void> => {
    const passed = head.group && at !== undefined && precedes(scan, head.group.order, at)
    if (head.done || (head.group && !passed)) return
    head.group = await head.part.next(at)
    head.done = head.group === undefined
  }

  return {
    next: async (at) => {
      await Promise.all(heads.map((head) => fill(head, at)))
      const waiting = heads.filter(({ group }) => group !== undefined)
      const order = waiting
        .map(({ group }) => group?.order ?? '')
        .reduce<string | undefined>(
          (first, each) => (first === undefined || precedes(scan, each, first) ? each : first),
          undefined,
        )
      if (order === undefined) return undefined
      const taken = waiting.filter(({ group }) => group?.order === order)
      const candidates = new Map(taken.flatMap(({ group }) => [...(group?.candidates ?? [])]))
      const partial = taken.some(({ group }) => group?.partial)
      for (const head of taken) head.group = undefined
      return { order, candidates, ...(partial && { partial }) }
    },
    prime: () => primeAll(parts),
    left: () =>
      sumLeft(
        heads.map(({ part, group, done }) => (done ? 0 : addLeft(part.left(), group?.candidates.size ?? 0))),
      ),
  }
}

const addLeft = (a: number | undefined, b: number): number | undefined =>
  a === undefined ? undefined : a + b

/** Returns the groups of ids that have the same order in every part; each part skips to the others' order. */
export const intersectGroups = (scan: ListScan, parts: readonly Groups[]): Groups => {
  if (parts.length === 1 && parts[0]) return parts[0]
  let heads: (Group | undefined)[] = parts.map(() => undefined)

  const advance = async (at: string | undefined): Promise<boolean> => {
    heads = await Promise.all(
      parts.map((part, i) => {
        const head = heads[i]
        return head && at !== undefined && !precedes(scan, head.order, at) ? head : part.next(at)
      }),
    )
    return heads.every((head) => head !== undefined)
  }

  const farthest = (): string =>
    heads.map((head) => head?.order ?? '').reduce((far, each) => (precedes(scan, far, each) ? each : far))

  return {
    next: async (at) => {
      let target = at
      while (await advance(target)) {
        target = farthest()
        if (heads.some((head) => head?.partial))
          return { order: target, candidates: new Map(), partial: true }
        if (heads.some((head) => head?.order !== target)) continue
        const group = commonGroup(target, heads)
        heads = parts.map(() => undefined)
        if (group.candidates.size > 0) return group
        target = undefined
      }
      return undefined
    },
    prime: () => primeAll(parts),
    left: () => (parts.some((part) => part.left() === 0) && heads.every((head) => !head) ? 0 : undefined),
  }
}

const commonGroup = (order: string, heads: readonly (Group | undefined)[]): Group => {
  const [first, ...others] = heads
  const shared = [...(first?.candidates ?? [])].filter(([id]) =>
    others.every((head) => head?.candidates.has(id)),
  )
  return { order, candidates: new Map(shared) }
}

/** Returns the groups of successive parts; each part must lie wholly beyond the part before. */
export const concatGroups = (parts: readonly Groups[]): Groups => {
  const waiting = [...parts]
  return {
    next: async (at) => {
      while (waiting[0]) {
        const group = await waiting[0].next(at)
        if (group) return group
        waiting.shift()
      }
      return undefined
    },
    prime: async () => waiting[0]?.prime(),
    left: () => sumLeft(waiting.map((part) => part.left())),
  }
}

/** Returns the groups with only the ids that pass the test. */
export const onlyIds = (groups: Groups, keep: (id: string) => boolean): Groups => ({
  ...groups,
  next: async (at) => {
    for (;;) {
      const group = await groups.next(at)
      if (!group || group.partial) return group
      const candidates = new Map([...group.candidates].filter(([id]) => keep(id)))
      if (candidates.size > 0) return { ...group, candidates }
    }
  },
})

/** Returns the ids of all remaining candidates. */
export const idsIn = async (groups: Groups): Promise<ReadonlySet<string>> => {
  const ids = new Set<string>()
  for (let group = await groups.next(); group; group = await groups.next())
    for (const id of group.candidates.keys()) ids.add(id)
  return ids
}
