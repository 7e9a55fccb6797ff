import type { Resource } from '../../fhir/definitions.ts'
import { keyOrder } from '../../store/keys.ts'
import { inParallel } from '../../store/parallel.ts'
import type { Entry, Expected, IndexAudit, IndexedEntry, Store, Version } from '../../store/port.ts'
import { isLost, journalOf } from '../../store/write-ids.ts'
import { type CustomParameters, customParametersIn } from '../custom.ts'
import { indexEntriesOf } from '../index/entries.ts'

/** A disagreement between index and resource: the entry's list and order, and the kind of the fault. */
export interface Drift {
  kind: 'missing' | 'wrong' | 'stale'
  type: string
  id: string
  list: string
  order: string
}

/** The result of a piece of a check. */
export interface Checked {
  resources: number
  entries: number
  drift: readonly Drift[]
  /** The number of entries of writes that may still be under way, which are left alone. */
  young: number
}

/** The services and settings of a check. */
export interface Checking {
  store: Store
  audit: IndexAudit
  now: () => number
  repair: boolean
  /** The tenant's custom search parameters at the beginning of the check. */
  own: CustomParameters
}

/** Repeats a check if the definitions changed meanwhile, so that no new entry is taken for stale. */
const withCurrentDefinitions = async <T>(
  checking: Checking,
  judge: (checking: Checking) => Promise<T>,
): Promise<T> => {
  const found = await judge(checking)
  const definitions = await checking.store.definitions()
  if (definitions.version === checking.own.version) return found
  return withCurrentDefinitions({ ...checking, own: await customParametersIn(definitions) }, judge)
}

const resourceOfVersion = ({ text }: Version): Resource => JSON.parse(text) as Resource

/**
 * Returns the entries that a version must have; entries of a parameter that is still being indexed are optional and left
 * out.
 */
const expectedOf = (
  { own }: Checking,
  version: Version,
  resource = resourceOfVersion(version),
): Expected => ({
  type: version.type,
  id: version.id,
  v: version.v,
  w: version.w,
  entries: indexEntriesOf(resource, version.t, [...own.searched.of(version.type).values()]),
})

const driftOf = (kind: Drift['kind'], { type, id, list, order }: IndexedEntry): Drift => ({
  kind,
  type,
  id,
  list,
  order,
})

/**
 * Returns the entries whose write is still the current version: entries are removed only after their version is
 * superseded.
 */
export const ofCurrent = async <T extends IndexedEntry>(
  store: Store,
  entries: readonly T[],
): Promise<T[]> => {
  const versions = entries.length > 0 ? await store.get(entries) : []
  return entries.filter(({ w }, i) => versions[i]?.w === w)
}

/** Checks that every entry of these resources is in the index as expected, and repairs the index if asked to. */
export const checkResources = async (
  checking: Checking,
  type: string,
  ids: readonly string[],
  concerns: (resource: Resource) => boolean = () => true,
): Promise<Checked> => {
  const { store, audit, repair } = checking
  const { expected, missing } = await withCurrentDefinitions(checking, (asked) =>
    missingEntriesOf(asked, type, ids, concerns),
  )
  if (repair && missing.length > 0) {
    await audit.put(missing)
    const current = new Set(await ofCurrent(store, missing))
    await audit.remove(missing.filter((one) => !current.has(one)))
  }
  return {
    resources: expected.length,
    entries: expected.reduce((sum, { entries }) => sum + entries.length, 0),
    drift: missing.map((one) => driftOf(one.kind, one)),
    young: 0,
  }
}

const missingEntriesOf = async (
  checking: Checking,
  type: string,
  ids: readonly string[],
  concerns: (resource: Resource) => boolean,
) => {
  const { store, audit } = checking
  const versions = await store.get(ids.map((id) => ({ type, id })))
  const concerned = versions
    .filter((version) => version !== undefined)
    .filter(({ deleted }) => !deleted)
    .map((version) => ({ version, resource: resourceOfVersion(version) }))
    .filter(({ resource }) => concerns(resource))
  const expected = concerned.map(({ version, resource }) => expectedOf(checking, version, resource))
  return { expected, missing: await ofCurrent(store, await audit.missing(expected)) }
}

/**
 * The milliseconds for which entries of a superseded version are normal: the janitor needs a minute and the change's
 * stream record.
 */
const removalDelay = 120_000

const entryPlaceOf = (list: string, { order, as = '' }: Pick<Entry, 'order' | 'as'>): string =>
  `${list}\n${keyOrder(order)}\n${as}`

const entryPlacesOf = ({ own }: Checking, version: Version): ReadonlySet<string> => {
  const entries = indexEntriesOf(resourceOfVersion(version), version.t, own.all(version.type))
  return new Set(entries.map((entry) => entryPlaceOf(entry.list.name, entry)))
}

/** The verdict on an entry: right; young, if its write is under way or was superseded not long ago; or stale. */
type EntryVerdict = 'right' | 'young' | 'stale'

/** Returns the instant at which an entry's version was superseded; undefined if it is not among the 50 newest versions. */
const supersededAt = async (
  { store }: Checking,
  { type, id, w }: IndexedEntry,
): Promise<string | undefined> => {
  const { versions } = await store.history({ type, id, limit: 50 })
  return versions[versions.findIndex((version) => version.w === w) - 1]?.t
}

/** Returns whether a write can no longer be committed: by its transaction's record, or by the age of its write id. */
const isPast = ({ audit }: Checking, { w }: IndexedEntry, open: ReadonlySet<string>): boolean =>
  journalOf(w) === undefined ? isLost(w, audit.now()) : !open.has(w)

const verdictOn = async (
  checking: Checking,
  entries: IndexedEntry,
  { current, open }: { current: Version | undefined; open: ReadonlySet<string> },
  places: (version: Version) => ReadonlySet<string>,
): Promise<EntryVerdict> => {
  const now = checking.audit.now()
  if (current?.w === entries.w && !current.deleted)
    return places(current).has(entryPlaceOf(entries.list, entries)) ? 'right' : 'stale'
  const lost = isPast(checking, entries, open)
  if (!current || (lost && now - Date.parse(current.t) > removalDelay)) return lost ? 'stale' : 'young'
  const at = await supersededAt(checking, entries)
  if (at === undefined) return lost ? 'stale' : 'young'
  return now - Date.parse(at) > removalDelay ? 'stale' : 'young'
}

/** Returns a function for the index places of a version, computed once per version. */
const rememberedPlaces = (checking: Checking) => {
  const known = new Map<Version, ReadonlySet<string>>()
  return (version: Version): ReadonlySet<string> => {
    const places = known.get(version) ?? entryPlacesOf(checking, version)
    known.set(version, places)
    return places
  }
}

/** Returns the stale entries of an index page, and the number of young entries. */
const staleAmong = async (checking: Checking, found: readonly IndexedEntry[]) => {
  const { store, audit } = checking
  // Before the resources are read, so that those of a committed transaction exist by then.
  const open = await audit.decide(found.map(({ w }) => w))
  const versions = await store.get(found)
  const places = rememberedPlaces(checking)
  const pairs = found.map((entries, i) => ({ entries, current: versions[i] }))
  const verdicts = await inParallel(16, pairs, ({ entries, current }) =>
    verdictOn(checking, entries, { current, open }, places),
  )
  const suspects = found.filter((_, i) => verdicts[i] === 'stale')
  const young = verdicts.filter((verdict) => verdict === 'young').length
  const left = await notLeaving(audit, suspects)
  return { stale: await audit.stillPresent(left), young: young + suspects.length - left.length }
}

/** Returns the entries whose versions are not in the janitor's queue. */
const notLeaving = async (
  audit: IndexAudit,
  entries: readonly IndexedEntry[],
): Promise<readonly IndexedEntry[]> => {
  if (entries.length === 0) return entries
  const leaving = await audit.leaving()
  return entries.filter(({ type, id, w }) => !leaving.has(`${type}/${id} ${w}`))
}

/** Checks a page of the index against the resources, and removes stale entries if asked to repair. */
export const checkIndexEntries = async (
  checking: Checking,
  found: readonly IndexedEntry[],
): Promise<Checked> => {
  const { stale, young } = await withCurrentDefinitions(checking, (asked) => staleAmong(asked, found))
  if (checking.repair) await checking.audit.remove(stale)
  return {
    resources: 0,
    entries: found.length,
    drift: stale.map((entries) => driftOf('stale', entries)),
    young,
  }
}

/** Checks that the index holds no entries of a resource's past versions, and removes them if asked to repair. */
export const checkPast = async (checking: Checking, type: string, id: string): Promise<Checked> => {
  const { store, audit, repair } = checking
  const { versions } = await store.history({ type, id, limit: 1000 })
  const isPast = ({ deleted }: Version, at: number): boolean => at > 0 && !deleted
  const entries = await audit.entriesOf(
    versions.filter(isPast).map((version) => expectedOf(checking, version)),
  )
  const ended = new Map(versions.map(({ w }, at) => [w, Date.parse(versions[at - 1]?.t ?? '')]))
  const old = entries.filter(({ w }) => audit.now() - (ended.get(w) ?? 0) > removalDelay)
  const stale = await audit.stillPresent(await notLeaving(audit, old))
  if (repair) await audit.remove(stale)
  const drift = stale.map((each) => driftOf('stale', each))
  return { resources: 0, entries: 0, drift, young: entries.length - stale.length }
}
