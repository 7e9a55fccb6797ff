import type { Range, RangePage, ResourceKey, Version, VersionKey } from '../../store/port.ts'
import type { ReadingStore } from '../../store/reader.ts'
import { keyOf, type Memory, typeOfRange } from './memory.ts'

type Named = ResourceKey & { w?: string }
type Members = ReadonlyMap<string, number>

/** What all stages of one reading share: the stages before, and what writes of several resources list. */
export interface Context {
  readonly frozen: Memory[]
  /** Returns the stage before that has judged a resource. */
  frozenAt(name: string): Memory | undefined
  page(range: Range): Promise<RangePage>
  get(keys: readonly Named[]): Promise<(Version | undefined)[]>
  version(key: ResourceKey, v: number): Promise<Version | undefined>
  exactly(keys: readonly VersionKey[]): Promise<(Version | undefined)[]>
  below(keys: readonly VersionKey[], limit: number): Promise<Version[][]>
  /** Returns the list of a write of several resources that may have been committed since the reading began. */
  doubted(w: string): string | undefined
  /** Reads what lists say, unless that is known. */
  load(lists: readonly string[], memory: Memory): Promise<void>
  hasLoaded(lists: readonly string[], memory: Memory): boolean
  /** Returns whether resources of a type can stand in what a stage has read of the index. */
  mayFind(memory: Memory, type: string): boolean
  /** Returns what the write of a version lists, where it is doubted. */
  membersOf(version: Version | undefined): Members
  check(): void
  end(): void
}

const nobody: Members = new Map()

/** The types about which lists are asked: all that the stages read; `*` where that may be any. */
const typesIn = (memories: readonly Memory[]): Set<string> =>
  new Set(
    memories.flatMap(({ pages, versions }) => [
      ...[...pages.values()].flatMap(({ range }) => typeOfRange(range) ?? '*'),
      ...[...versions.keys()].map((name) => keyOf(name).type),
    ]),
  )

/** Returns what the stages of a reading share, at its begin. */
export const newContext = (store: ReadingStore): Context => {
  const reading = store.reading()
  const frozen: Memory[] = []
  const rows = new Map<string, { types: ReadonlySet<string>; members: Members }>()

  const asking = async <T>(call: () => Promise<T>): Promise<T> => {
    reading.check()
    const answer = await call()
    reading.heard()
    reading.check()
    return answer
  }

  const isMissing = (types: ReadonlySet<string>) => (list: string) =>
    ![...types].every((type) => rows.get(list)?.types.has(type) || rows.get(list)?.types.has('*'))

  const read = async (lists: readonly string[], types: ReadonlySet<string>): Promise<void> => {
    const missing = [...new Set(lists)].filter(isMissing(types))
    if (missing.length === 0) return
    const found = await asking(() => reading.members(missing, types))
    for (const list of missing) rows.set(list, { types, members: found.get(list) ?? nobody })
  }

  const frozenAt = (name: string) => frozen.find(({ versions }) => versions.has(name))

  return {
    frozen,
    frozenAt,
    page: (range) => asking(() => store.page(range)),
    get: async (keys) => {
      // The entries' write ids let the lists come with the versions.
      const lists = keys.flatMap(({ w = '' }) => (w === '' ? [] : (reading.doubted(w) ?? [])))
      const types = new Set([...typesIn(frozen), ...keys.map(({ type }) => type)])
      const [versions] = await Promise.all([asking(() => store.get(keys)), read(lists, types)])
      return versions
    },
    version: (key, v) => asking(() => store.version(key, v)),
    exactly: (keys) => asking(() => store.exactly(keys)),
    below: (keys, limit) => asking(() => store.below(keys, limit)),
    doubted: (w) => reading.doubted(w),
    load: (lists, memory) => read(lists, typesIn([...frozen, memory])),
    hasLoaded: (lists, memory) => !lists.some(isMissing(typesIn([...frozen, memory]))),
    mayFind: ({ pages }, type) =>
      [...pages.values()].some(({ range }) => (typeOfRange(range) ?? type) === type),
    membersOf: (version) => {
      const list = version && reading.doubted(version.w)
      return (list === undefined ? undefined : rows.get(list)?.members) ?? nobody
    },
    check: () => reading.check(),
    end: () => {
      const met = frozen.flatMap(({ versions }) =>
        [...versions.values()].flatMap((version) => (version && reading.doubted(version.w)) ?? []),
      )
      reading.end(met)
    },
  }
}
