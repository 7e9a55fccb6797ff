import type { Resource } from '../../fhir/definitions.ts'
import { keyOrder } from '../../store/keys.ts'
import { inParallel } from '../../store/parallel.ts'
import type { Entry, Expected, IndexAudit, IndexedEntry, Store, Version } from '../../store/port.ts'
import { isLost, journalOf } from '../../store/write-ids.ts'
import { type CustomParameters, ownIn } from '../custom.ts'
import { indexEntriesOf } from '../index/entries.ts'

/** One place where index and resource disagree, and how. */
export interface Drift {
  kind: 'missing' | 'wrong' | 'stale'
  type: string
  id: string
  list: string
  order: string
}

/** What one piece of a check has found. */
export interface Checked {
  resources: number
  entries: number
  drift: readonly Drift[]
  /** Entries of writes that may still be under way: they are left alone. */
  young: number
}

/** What a check works with. */
export interface Checking {
  store: Store
  audit: IndexAudit
  now: () => number
  repair: boolean
  /** The tenant's own search parameters, as they are when the check begins. */
  own: CustomParameters
}

/** What was judged by definitions that have changed meanwhile is judged anew: nothing new may be taken for stale. */
const surely = async <T>(checking: Checking, judge: (checking: Checking) => Promise<T>): Promise<T> => {
  const found = await judge(checking)
  const definitions = await checking.store.definitions()
  if (definitions.version === checking.own.version) return found
  return surely({ ...checking, own: await ownIn(definitions) }, judge)
}

const resourceOf = ({ text }: Version): Resource => JSON.parse(text) as Resource

/** A parameter that is still being indexed may have its entries, and need not. */
const expectedOf = ({ own }: Checking, version: Version, resource = resourceOf(version)): Expected => ({
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

/** Returns those whose write is still the current one. A write's entries go only after it has been superseded. */
export const ofCurrent = async <T extends IndexedEntry>(
  store: Store,
  entries: readonly T[],
): Promise<T[]> => {
  const versions = entries.length > 0 ? await store.get(entries) : []
  return entries.filter(({ w }, i) => versions[i]?.w === w)
}

/** Holds resources against the index: every entry that they ask for must be there and say what they say. */
export const checkResources = async (
  checking: Checking,
  type: string,
  ids: readonly string[],
  concerns: (resource: Resource) => boolean = () => true,
): Promise<Checked> => {
  const { store, audit, repair } = checking
  const { expected, missing } = await surely(checking, (asked) => unsaidOf(asked, type, ids, concerns))
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

const unsaidOf = async (
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
    .map((version) => ({ version, resource: resourceOf(version) }))
    .filter(({ resource }) => concerns(resource))
  const expected = concerned.map(({ version, resource }) => expectedOf(checking, version, resource))
  return { expected, missing: await ofCurrent(store, await audit.missing(expected)) }
}

/** Entries of a superseded version outlive it: the janitor needs a minute and the record of the change; in milliseconds. */
const lingering = 120_000

const placeOf = (list: string, { order, as = '' }: Pick<Entry, 'order' | 'as'>): string =>
  `${list}\n${keyOrder(order)}\n${as}`

const placesOf = ({ own }: Checking, version: Version): ReadonlySet<string> => {
  const entries = indexEntriesOf(resourceOf(version), version.t, own.all(version.type))
  return new Set(entries.map((entry) => placeOf(entry.list.name, entry)))
}

/** What becomes of an entry: it is right, its write is under way or not long superseded, or it is left behind. */
type Verdict = 'right' | 'young' | 'stale'

/** Returns when the version that an entry speaks of was superseded; undefined where none of the newest is that one. */
const supersededAt = async (
  { store }: Checking,
  { type, id, w }: IndexedEntry,
): Promise<string | undefined> => {
  const { versions } = await store.history({ type, id, limit: 50 })
  return versions[versions.findIndex((version) => version.w === w) - 1]?.t
}

/** A transaction says by its record whether it may yet be committed; a write without one by the age of its id. */
const isPast = ({ audit }: Checking, { w }: IndexedEntry, open: ReadonlySet<string>): boolean =>
  journalOf(w) === undefined ? isLost(w, audit.now()) : !open.has(w)

const verdictOn = async (
  checking: Checking,
  entries: IndexedEntry,
  { current, open }: { current: Version | undefined; open: ReadonlySet<string> },
  places: (version: Version) => ReadonlySet<string>,
): Promise<Verdict> => {
  const now = checking.audit.now()
  if (current?.w === entries.w && !current.deleted)
    return places(current).has(placeOf(entries.list, entries)) ? 'right' : 'stale'
  const lost = isPast(checking, entries, open)
  if (!current || (lost && now - Date.parse(current.t) > lingering)) return lost ? 'stale' : 'young'
  const at = await supersededAt(checking, entries)
  if (at === undefined) return lost ? 'stale' : 'young'
  return now - Date.parse(at) > lingering ? 'stale' : 'young'
}

/** Each resource is asked once where it wants to be found. */
const remembering = (checking: Checking) => {
  const known = new Map<Version, ReadonlySet<string>>()
  return (version: Version): ReadonlySet<string> => {
    const places = known.get(version) ?? placesOf(checking, version)
    known.set(version, places)
    return places
  }
}

/** Returns what a page of the index says that is not so, and how much may yet become so. */
const staleAmong = async (checking: Checking, found: readonly IndexedEntry[]) => {
  const { store, audit } = checking
  // Before the resources are read: what a committed transaction has yet to create is there when they are.
  const open = await audit.decide(found.map(({ w }) => w))
  const versions = await store.get(found)
  const places = remembering(checking)
  const judged = found.map((entries, i) => ({ entries, current: versions[i] }))
  const verdicts = await inParallel(16, judged, ({ entries, current }) =>
    verdictOn(checking, entries, { current, open }, places),
  )
  const suspects = found.filter((_, i) => verdicts[i] === 'stale')
  const young = verdicts.filter((verdict) => verdict === 'young').length
  const left = await notLeaving(audit, suspects)
  return { stale: await audit.stillPresent(left), young: young + suspects.length - left.length }
}

/** Returns those that the janitor does not know of: what it is going to remove is not left behind. */
const notLeaving = async (
  audit: IndexAudit,
  entries: readonly IndexedEntry[],
): Promise<readonly IndexedEntry[]> => {
  if (entries.length === 0) return entries
  const leaving = await audit.leaving()
  return entries.filter(({ type, id, w }) => !leaving.has(`${type}/${id} ${w}`))
}

/** Holds a page of the index against the resources: what it says must be so. */
export const checkEntries = async (checking: Checking, found: readonly IndexedEntry[]): Promise<Checked> => {
  const { stale, young } = await surely(checking, (asked) => staleAmong(asked, found))
  if (checking.repair) await checking.audit.remove(stale)
  return {
    resources: 0,
    entries: found.length,
    drift: stale.map((entries) => driftOf('stale', entries)),
    young,
  }
}

/** Holds the index against a resource's past versions: what it says of them it must not say any more. */
export const checkPast = async (checking: Checking, type: string, id: string): Promise<Checked> => {
  const { store, audit, repair } = checking
  const { versions } = await store.history({ type, id, limit: 1000 })
  const isPast = ({ deleted }: Version, at: number): boolean => at > 0 && !deleted
  const entries = await audit.entriesOf(
    versions.filter(isPast).map((version) => expectedOf(checking, version)),
  )
  const ended = new Map(versions.map(({ w }, at) => [w, Date.parse(versions[at - 1]?.t ?? '')]))
  const old = entries.filter(({ w }) => audit.now() - (ended.get(w) ?? 0) > lingering)
  const stale = await audit.stillPresent(await notLeaving(audit, old))
  if (repair) await audit.remove(stale)
  const drift = stale.map((each) => driftOf('stale', each))
  return { resources: 0, entries: 0, drift, young: entries.length - stale.length }
}
