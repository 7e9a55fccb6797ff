/** Replaces versions that a stage has read so that no write of several resources is shown in part. */

import { failure } from '../../outcome/failure.ts'
import { sleep } from '../../store/parallel.ts'
import type { Version, VersionKey } from '../../store/port.ts'
import { memberListOf } from '../../store/write-ids.ts'
import type { ReadingContext } from './context.ts'
import { addTo, entryName, keyOfReference, type StageMemory, subjectOf } from './memory.ts'
import { type LateEntry, reread } from './reread.ts'

/** The versions before the current version that are read for stepping back. */
const versionsBefore = 20

const tooManyChanges = () =>
  failure('busy', 'A resource changed too often while the search was reading. Try again in a moment.')

const doubtedLists = (context: ReadingContext, memory: StageMemory): string[] => {
  const versions = [...context.frozen, memory].flatMap((each) => [...each.versions.values()])
  const lists = versions.flatMap((version) => (version && context.doubted(version.w)) ?? [])
  return [...new Set(lists)].filter((list) => !memory.examined.has(list))
}

/** Returns the resources, by name, whose version may be newer than earlier stages have shown. */
const doubtfulIn = (context: ReadingContext, memory: StageMemory): [string, Version][] =>
  context.frozen.length === 0
    ? []
    : [...memory.versions].flatMap(([name, version]): [string, Version][] =>
        version && context.doubted(version.w) !== undefined ? [[name, version]] : [],
      )

/** Returns, for each resource, the highest version number that the met writes list. */
const highestListed = (context: ReadingContext, memory: StageMemory): Map<string, number> => {
  const listed = new Map<string, number>()
  for (const { versions } of [...context.frozen, memory])
    for (const version of versions.values())
      for (const [name, v] of context.membersOf(version)) listed.set(name, Math.max(listed.get(name) ?? 0, v))
  return listed
}

/** Returns whether nothing needs to be read: all listed resources have been read at the listed version or later. */
const isClosed = (context: ReadingContext, memory: StageMemory): boolean => {
  const isRead = ([name, v]: [string, number]): boolean => {
    const before = context.frozenAt(name)
    if (before) return (before.versions.get(name)?.v ?? 0) >= v
    if (memory.versions.has(name)) return (memory.versions.get(name)?.v ?? 0) >= v
    return ![...context.frozen, memory].some((each) => context.mayFind(each, keyOfReference(name).type))
  }
  return [...highestListed(context, memory)].every(isRead)
}

/**
 * Examines the writes of several resources that a stage has met: steps back from writes that earlier stages have not
 * seen, and reads exactly the versions that the other writes list. Returns whether the stage's answers have changed.
 * Fails with `busy` if a resource changed too often.
 */
export const settleStage = async (context: ReadingContext, memory: StageMemory): Promise<boolean> => {
  const lists = doubtedLists(context, memory)
  if (lists.length === 0) return false
  for (const list of lists) memory.examined.add(list)
  if (context.hasLoaded(lists, memory) && isClosed(context, memory)) return false
  const doubtful = doubtfulIn(context, memory)
  const keys = doubtful.map(([name, { v }]): VersionKey => ({ ...keyOfReference(name), v }))
  const [again, earlier, pasts] = await Promise.all([
    reread(context, memory),
    doubtful.length > 0 ? Promise.all(context.frozen.map((each) => reread(context, each))) : [],
    keys.length > 0 ? context.below(keys, versionsBefore) : [],
    context.load(lists, memory),
  ])
  const options = doubtful.map(([name, version], at) => ({ name, versions: [version, ...(pasts[at] ?? [])] }))
  const hasSteppedBack = await stepBack(context, memory, options, earlier.flat())
  const hasFetched = await fetchListed(context, memory, again)
  return hasSteppedBack || hasFetched
}

interface VersionChoices {
  readonly name: string
  /** From newest to oldest. */
  readonly versions: readonly Version[]
}

/** Returns whether a version's write lists a resource at a later version than an earlier stage has shown. */
const isAhead = (context: ReadingContext, version: Version): boolean =>
  [...context.membersOf(version)].some(([name, v]) => {
    const before = context.frozenAt(name)
    return before !== undefined && (before.versions.get(name)?.v ?? 0) < v
  })

/** Returns the new entries by which earlier stages would have met resources that a version's write lists. */
const unmetBy = (
  context: ReadingContext,
  version: Version,
  bySubject: ReadonlyMap<string, readonly LateEntry[]>,
): readonly LateEntry[] =>
  [...context.membersOf(version)].flatMap(([name, v]) =>
    context.frozenAt(name) ? [] : (bySubject.get(name) ?? []).filter(({ candidate }) => candidate.since <= v),
  )

const isOfWrite = ({ candidate }: LateEntry, { w }: Version): boolean =>
  memberListOf(candidate.w) === memberListOf(w)

/** Takes, for each resource, the newest version whose write is not ahead of the earlier stages. */
const stepBack = async (
  context: ReadingContext,
  memory: StageMemory,
  options: readonly VersionChoices[],
  earlier: readonly LateEntry[],
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
  const real = await confirmedAmong(context, foreign)
  const isLate = (version: Version): boolean =>
    unmet(version).some((late) => isOfWrite(late, version) || real.has(entryName(late)))
  for (const { name, versions } of left) {
    const chosen = versions.find((version) => !isAhead(context, version) && !isLate(version))
    if (!chosen && (versions.at(-1)?.v ?? 1) > 1 && versions.length > versionsBefore) throw tooManyChanges()
    memory.versions.set(name, chosen)
  }
  return true
}

/** Returns the names of entries whose write id is that of a stored version: entries of a lost attempt may come late. */
const confirmedAmong = async (
  context: ReadingContext,
  late: readonly LateEntry[],
): Promise<ReadonlySet<string>> => {
  if (late.length === 0) return new Set()
  const keys = late.map((each) => ({ ...keyOfReference(subjectOf(each)), v: each.candidate.since }))
  const versions = await context.exactly(keys)
  return new Set(late.filter(({ candidate }, at) => versions[at]?.w === candidate.w).map(entryName))
}

/**
 * Reads listed resources at exactly the listed version: resources that were read too early, and new entries of the
 * stage's lists.
 */
const fetchListed = async (
  context: ReadingContext,
  memory: StageMemory,
  again: readonly LateEntry[],
): Promise<boolean> => {
  const listed = highestListed(context, memory)
  const isLow = ([name, v]: [string, number]): boolean =>
    memory.versions.has(name) && (memory.versions.get(name)?.v ?? 0) < v
  const low = [...listed].filter(isLow)
  const isUnmet = (name: string): boolean => !memory.versions.has(name) && !context.frozenAt(name)
  const late = again.filter((each) => {
    const name = subjectOf(each)
    return isUnmet(name) && each.candidate.since <= (listed.get(name) ?? -1)
  })
  const named = [...new Set([...low.map(([name]) => name), ...late.map(subjectOf)])]
  const keys = named.map((name) => ({ ...keyOfReference(name), v: listed.get(name) ?? 0 }))
  const versions = await committedVersions(context, keys)
  const found = new Map(named.map((name, at) => [name, versions[at]]))
  // Earlier versions can be read only now: while a write was becoming visible, its versions were not sure to exist.
  const isEarlier = (each: LateEntry): boolean => each.candidate.since < (found.get(subjectOf(each))?.v ?? 0)
  const earlier = await confirmedAmong(context, late.filter(isEarlier))
  const isReal = (each: LateEntry): boolean =>
    isEarlier(each) ? earlier.has(entryName(each)) : found.get(subjectOf(each))?.w === each.candidate.w
  const came = late.filter(isReal)
  const changed = new Set([...low.map(([name]) => name), ...came.map(subjectOf)])
  for (const name of changed) {
    // The list proves that the version existed; only a purge removes a version.
    if (!found.get(name)) throw tooManyChanges()
    memory.versions.set(name, found.get(name))
  }
  addLateEntries(memory, again)
  return changed.size > 0
}

/** The most reads of listed versions: a transaction may become visible resource by resource. */
const mostLooks = 7

/** Returns versions that are known to be committed, waiting until they are visible. */
const committedVersions = async (
  context: ReadingContext,
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

/** Adds new entries of counted resources to their pages. */
const addLateEntries = (memory: StageMemory, again: readonly LateEntry[]): void => {
  for (const late of again) {
    if (!memory.versions.has(subjectOf(late))) continue
    addTo(late.page, late.candidate)
    memory.entries.add(entryName(late))
  }
}
