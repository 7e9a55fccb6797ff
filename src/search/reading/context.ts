import type { Range, RangePage, ResourceKey, Version, VersionKey } from '../../store/port.ts'
import type { ReadingStore } from '../../store/reader.ts'
import { keyOfReference, type StageMemory, typeOfRange } from './memory.ts'

type NamedKey = ResourceKey & { w?: string }
type ListedMembers = ReadonlyMap<string, number>

/** The shared state of a reading's stages: the stages before, and the member lists of writes of several resources. */
export interface ReadingContext {
  readonly frozen: StageMemory[]
  /** Returns the earlier stage that has read a resource. */
  frozenAt(name: string): StageMemory | undefined
  page(range: Range): Promise<RangePage>
  get(keys: readonly NamedKey[]): Promise<(Version | undefined)[]>
  version(key: ResourceKey, v: number): Promise<Version | undefined>
  exactly(keys: readonly VersionKey[]): Promise<(Version | undefined)[]>
  below(keys: readonly VersionKey[], limit: number): Promise<Version[][]>
  /** Returns the list of a write of several resources that may have been committed since the reading began. */
  doubted(w: string): string | undefined
  /** Reads the members of lists that are not known yet. */
  load(lists: readonly string[], memory: StageMemory): Promise<void>
  hasLoaded(lists: readonly string[], memory: StageMemory): boolean
  /** Returns whether the index pages that a stage has read may hold resources of a type. */
  mayFind(memory: StageMemory, type: string): boolean
  /** Returns the members of a version's write, if the write is doubted. */
  membersOf(version: Version | undefined): ListedMembers
  check(): void
  end(): void
}

const noMembers: ListedMembers = new Map()

/** Returns the types whose members are needed: all types that the stages have read, or `*` if any type is possible. */
const typesRead = (memories: readonly StageMemory[]): Set<string> =>
  new Set(
    memories.flatMap(({ pages, versions }) => [
      ...[...pages.values()].flatMap(({ range }) => typeOfRange(range) ?? '*'),
      ...[...versions.keys()].map((name) => keyOfReference(name).type),
    ]),
  )

/** Returns the shared state of a new reading. */
export const newReadingContext = (store: ReadingStore): ReadingContext => {
  const reading = store.reading()
  const frozen: StageMemory[] = []
  const rows = new Map<string, { types: ReadonlySet<string>; members: ListedMembers }>()

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
    for (const list of missing) rows.set(list, { types, members: found.get(list) ?? noMembers })
  }

  const frozenAt = (name: string) => frozen.find(({ versions }) => versions.has(name))

  return {
    frozen,
    frozenAt,
    page: (range) => asking(() => store.page(range)),
    get: async (keys) => {
      // The entries' write ids let the lists come with the versions.
      const lists = keys.flatMap(({ w = '' }) => (w === '' ? [] : (reading.doubted(w) ?? [])))
      const types = new Set([...typesRead(frozen), ...keys.map(({ type }) => type)])
      const [versions] = await Promise.all([asking(() => store.get(keys)), read(lists, types)])
      return versions
    },
    version: (key, v) => asking(() => store.version(key, v)),
    exactly: (keys) => asking(() => store.exactly(keys)),
    below: (keys, limit) => asking(() => store.below(keys, limit)),
    doubted: (w) => reading.doubted(w),
    load: (lists, memory) => read(lists, typesRead([...frozen, memory])),
    hasLoaded: (lists, memory) => !lists.some(isMissing(typesRead([...frozen, memory]))),
    mayFind: ({ pages }, type) =>
      [...pages.values()].some(({ range }) => (typeOfRange(range) ?? type) === type),
    membersOf: (version) => {
      const list = version && reading.doubted(version.w)
      return (list === undefined ? undefined : rows.get(list)?.members) ?? noMembers
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
