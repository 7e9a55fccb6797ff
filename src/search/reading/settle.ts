/** Brings what one stage has read to versions that show no write of several resources in part. */

import { failure } from '../../outcome/failure.ts'
import { sleep } from '../../store/parallel.ts'
import type { Version, VersionKey } from '../../store/port.ts'
import { memberListOf } from '../../store/write-ids.ts'
import type { Context } from './context.ts'
import { addTo, entryName, keyOf, type Memory, subjectOf } from './memory.ts'
import { type Late, reread } from './reread.ts'

/** So many versions before the current one are at hand for stepping back. */
const versionsBefore = 20

const tooMany = () =>
  failure('busy', 'A resource changed too often while the search was reading. Try again in a moment.')

const doubtedLists = (context: Context, memory: Memory): string[] => {
  const versions = [...context.frozen, memory].flatMap((each) => [...each.versions.values()])
  const lists = versions.flatMap((version) => (version && context.doubted(version.w)) ?? [])
  return [...new Set(lists)].filter((list) => !memory.minded.has(list))
}

/** The resources whose version may be ahead of what stages before have shown, with their names. */
const doubtfulIn = (context: Context, memory: Memory): [string, Version][] =>
  context.frozen.length === 0
    ? []
    : [...memory.versions].flatMap(([name, version]): [string, Version][] =>
        version && context.doubted(version.w) !== undefined ? [[name, version]] : [],
      )

/** Returns the highest number by which any write that was met lists a resource. */
const demandsOf = (context: Context, memory: Memory): Map<string, number> => {
  const demands = new Map<string, number>()
  for (const { versions } of [...context.frozen, memory])
    for (const version of versions.values())
      for (const [name, v] of context.membersOf(version))
        demands.set(name, Math.max(demands.get(name) ?? 0, v))
  return demands
}

/** Returns whether nothing needs to be looked for: all that the lists name has been read, and late enough. */
const isClosed = (context: Context, memory: Memory): boolean => {
  const isRead = ([name, v]: [string, number]): boolean => {
    const before = context.frozenAt(name)
    if (before) return (before.versions.get(name)?.v ?? 0) >= v
    if (memory.versions.has(name)) return (memory.versions.get(name)?.v ?? 0) >= v
    return ![...context.frozen, memory].some((each) => context.mayFind(each, keyOf(name).type))
  }
  return [...demandsOf(context, memory)].every(isRead)
}

/**
 * Looks at the writes of several resources that a stage has met, steps back from those that stages before have not
 * seen, and reads exactly the versions that the others name. Returns whether what the stage has read has changed.
 */
export const settle = async (context: Context, memory: Memory): Promise<boolean> => {
  const lists = doubtedLists(context, memory)
  if (lists.length === 0) return false
  for (const list of lists) memory.minded.add(list)
  if (context.hasLoaded(lists, memory) && isClosed(context, memory)) return false
  const doubtful = doubtfulIn(context, memory)
  const keys = doubtful.map(([name, { v }]): VersionKey => ({ ...keyOf(name), v }))
  const [again, earlier, pasts] = await Promise.all([
    reread(context, memory),
    doubtful.length > 0 ? Promise.all(context.frozen.map((each) => reread(context, each))) : [],
    keys.length > 0 ? context.below(keys, versionsBefore) : [],
    context.load(lists, memory),
  ])
  const options = doubtful.map(([name, version], at) => ({ name, versions: [version, ...(pasts[at] ?? [])] }))
  const hasSteppedBack = await stepBack(context, memory, options, earlier.flat())
  const hasFetched = await fetch(context, memory, again)
  return hasSteppedBack || hasFetched
}

interface Options {
  readonly name: string
  /** The newest first. */
  readonly versions: readonly Version[]
}

/** Returns whether a version's write lists something later than a stage before has judged it. */
const isAhead = (context: Context, version: Version): boolean =>
  [...context.membersOf(version)].some(([name, v]) => {
    const before = context.frozenAt(name)
    return before !== undefined && (before.versions.get(name)?.v ?? 0) < v
  })

/** Returns the new entries of stages before by which they would have met what a version's write lists. */
const unmetBy = (
  context: Context,
  version: Version,
  bySubject: ReadonlyMap<string, readonly Late[]>,
): readonly Late[] =>
  [...context.membersOf(version)].flatMap(([name, v]) =>
    context.frozenAt(name) ? [] : (bySubject.get(name) ?? []).filter(({ candidate }) => candidate.since <= v),
  )

const isOfWrite = ({ candidate }: Late, { w }: Version): boolean =>
  memberListOf(candidate.w) === memberListOf(w)

/** Takes, for each resource, the newest version whose write is not ahead of the stages before. */
const stepBack = async (
  context: Context,
  memory: Memory,
  options: readonly Options[],
  earlier: readonly Late[],
): Promise<boolean> => {
  const bySubject = Map.groupBy(earlier, subjectOf)
  const unmet = (version: Version) => unmetBy(context, version, bySubject)
  const left = options.filter(
    ({ versions: [newest] }) => newest && (isAhead(context, newest) || unmet(newest).length > 0),
  )
  if (left.length === 0) return false
  const pasts = left.flatMap(({ versions }) => versions.slice(1))
  const lists = pasts.flatMap(({ w }) => context.doubted(w) ?? [])
  await context.load(lists, memory)
  const foreign = left.flatMap(({ versions }) =>
    versions.flatMap((version) => unmet(version).filter((late) => !isOfWrite(late, version))),
  )
  const real = await realAmong(context, foreign)
  const isLate = (version: Version): boolean =>
    unmet(version).some((late) => isOfWrite(late, version) || real.has(entryName(late)))
  for (const { name, versions } of left) {
    const chosen = versions.find((version) => !isAhead(context, version) && !isLate(version))
    if (!chosen && (versions.at(-1)?.v ?? 1) > 1 && versions.length > versionsBefore) throw tooMany()
    memory.versions.set(name, chosen)
  }
  return true
}

/** Returns the names of those entries whose version bears their write id: that of a lost attempt may come late. */
const realAmong = async (context: Context, late: readonly Late[]): Promise<ReadonlySet<string>> => {
  if (late.length === 0) return new Set()
  const keys = late.map((each) => ({ ...keyOf(subjectOf(each)), v: each.candidate.since }))
  const versions = await context.exactly(keys)
  return new Set(late.filter(({ candidate }, at) => versions[at]?.w === candidate.w).map(entryName))
}

/** Reads what the stage has read too early, and what came into its lists since, at exactly the number that is named. */
const fetch = async (context: Context, memory: Memory, again: readonly Late[]): Promise<boolean> => {
  const demands = demandsOf(context, memory)
  const isLow = ([name, v]: [string, number]): boolean =>
    memory.versions.has(name) && (memory.versions.get(name)?.v ?? 0) < v
  const low = [...demands].filter(isLow)
  const isUnmet = (name: string): boolean => !memory.versions.has(name) && !context.frozenAt(name)
  const late = again.filter((each) => {
    const name = subjectOf(each)
    return isUnmet(name) && each.candidate.since <= (demands.get(name) ?? -1)
  })
  const named = [...new Set([...low.map(([name]) => name), ...late.map(subjectOf)])]
  const keys = named.map((name) => ({ ...keyOf(name), v: demands.get(name) ?? 0 }))
  const versions = await committedVersions(context, keys)
  const found = new Map(named.map((name, at) => [name, versions[at]]))
  // Versions before those can be read only now: of a write that was still becoming visible, none was sure to be there.
  const isEarlier = (each: Late): boolean => each.candidate.since < (found.get(subjectOf(each))?.v ?? 0)
  const earlier = await realAmong(context, late.filter(isEarlier))
  const isReal = (each: Late): boolean =>
    isEarlier(each) ? earlier.has(entryName(each)) : found.get(subjectOf(each))?.w === each.candidate.w
  const came = late.filter(isReal)
  const changed = new Set([...low.map(([name]) => name), ...came.map(subjectOf)])
  for (const name of changed) {
    // The list says that there is such a version; only a purge takes it away.
    if (!found.get(name)) throw tooMany()
    memory.versions.set(name, found.get(name))
  }
  enter(memory, again)
  return changed.size > 0
}

/** A transaction may become visible one resource after the other: so often the rest of it is looked for. */
const mostLooks = 7

/** Returns versions that are known to be committed. */
const committedVersions = async (
  context: Context,
  keys: readonly VersionKey[],
): Promise<(Version | undefined)[]> => {
  const found = new Map<VersionKey, Version>()
  for (let look = 0; look < mostLooks && found.size < keys.length; look++) {
    if (look > 0) await sleep(5 * 2 ** look)
    const missing = keys.filter((key) => !found.has(key))
    const versions = await context.exactly(missing)
    for (const [at, version] of versions.entries()) if (version) found.set(missing[at] as VersionKey, version)
  }
  return keys.map((key) => found.get(key))
}

/** Adds the new entries of what counts to the pages in which they stand. */
const enter = (memory: Memory, again: readonly Late[]): void => {
  for (const late of again) {
    if (!memory.versions.has(subjectOf(late))) continue
    addTo(late.page, late.candidate)
    memory.entries.add(entryName(late))
  }
}
