/** What the rest of the server may ask of the store. An engine is anything that passes `tests/store/exam.ts`. */

import type { Label } from './label.ts'

export type { Label, LabelKind } from './label.ts'

/** A resource's address within its tenant. */
export interface ResourceKey {
  type: string
  id: string
}

export type Method = 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** One version of one resource as it is stored. */
export interface Version extends ResourceKey {
  /** FHIR's meta.versionId, counted from 1 without gaps. */
  v: number
  /** The write's unique id: an index entry is live only while its `w` is the current version's. */
  w: string
  /** FHIR's meta.lastUpdated: a UTC instant with three digits of a second, never going back for a resource. */
  t: string
  method: Method
  deleted: boolean
  /** The resource's JSON as it is served, `id` and `meta` included; empty for a deletion. */
  text: string
}

/** A list in the search table: its name without tenant and shard, and over how many shards it spreads. */
export interface List {
  name: string
  shards: number
}

/** One place where a write wants to be found. Entries of one write that share list and order share an item. */
export interface Entry {
  list: List
  /** The sort position within the list: sortable text without `|`-separated parts of the store's own. */
  order: string
  /** The upper bound of an interval, where it differs from the order's own. */
  high?: string
  /** In a patient's compartment: four-byte hashes of the resource's other search values, packed. */
  facets?: Uint8Array
  /** Under which name it wants to be found where that is not its id: the address of a resource inside it. */
  as?: string
  /** How manieth it is of those of one resource that want to stand there: these share no item. */
  nth?: number
}

/** One resource to be changed by a commit. `before` is what the writer saw; the commit fails if it is no longer so. */
export interface Write extends ResourceKey {
  before: Version | undefined
  /** The id was made up at random for this very write, so that nobody else can write or name it yet. */
  fresh?: boolean
  v: number
  t: string
  method: Method
  /** The new JSON text with `id` and `meta` spliced in; absent for a deletion. */
  text?: string
  /** Where the new version is to be found. Where `before` was to be found is removed once no search needs it. */
  entries: readonly Entry[]
}

/** One shard of a list, read in order between two positions: `from` inclusive, `to` exclusive. */
export interface Range {
  list: string
  shard: number
  from?: string
  to?: string
  reverse: boolean
  /** Where the page before ended, as that page said. */
  after?: string
  /** How many items to read at the most; an item may hold many candidates. */
  limit: number
}

/** What an index entry says: this write put this id, or name, here. Only the resource itself says whether it is still so. */
export interface Candidate {
  id: string
  order: string
  w: string
  high?: string
  facets?: Uint8Array
  /** The number of the version that the entry was put for. */
  since: number
}

export interface RangePage {
  candidates: readonly Candidate[]
  /** Present when more may follow. */
  after?: string
}

/** Which versions to list, newest first unless said otherwise: one resource's, one type's, or all. */
export interface HistoryScope {
  type?: string
  id?: string
  since?: string
  /** Only versions of this instant or before; like the next, for a type or all. */
  until?: string
  oldestFirst?: boolean
  limit: number
  after?: string
}

export interface HistoryPage {
  versions: readonly Version[]
  after?: string
}

/** A hold on names (the criteria of conditional writes), so that no two writers create for the same name at once. */
export interface Lock {
  /** The transaction id that fences the names: a commit under an expired and taken hold fails. */
  txn: string
  names: readonly string[]
}

/** A resource as a writer saw it: undefined where it never was. */
export interface SeenVersion extends ResourceKey {
  before: Version | undefined
}

/** What a commit minds beside its writes. */
export interface CommitOptions {
  /** Resources that must still be as they were seen, since a change of them came to nothing for that reason. */
  unchanged?: readonly SeenVersion[]
  /** Resources that must not be deleted when it takes place, nor be about to be. */
  undeleted?: readonly ResourceKey[]
  /** Looks around once others are told that the writes are under way; where it fails, none is made. */
  lastLook?: () => Promise<void>
  /** The version of the tenant's definitions by which the entries were found: it must still be the current one. */
  definitions?: number
}

/** A build of the software that has written: how it indexes each type, as prints. */
export interface Build {
  print: string
  types: Readonly<Record<string, string>>
}

/** How far work in the background has come: a text that counts up with every change, from 0 for none. */
export interface Progress {
  v: number
  text: string
}

/** The search parameters that a tenant has defined, as JSON; every change counts one up, from 0 for none ever. */
export interface Definitions {
  version: number
  text: string
}

/** What one request cost: `rounds` counts how often a call began while none was under way. */
export interface Meter {
  rounds: number
  calls: number
  readUnits: number
  writeUnits: number
}

/** A request under a name of its own: what was asked, and what came of it. */
export interface IdempotencyRecord {
  /** Tells the request from any other. */
  print: string
  /** Whatever the writer needs to answer again. */
  result: string
}

/** A resource's current version and everywhere it wants to be found. */
export interface Expected extends ResourceKey {
  v: number
  w: string
  entries: readonly Entry[]
}

/** One thing that the index says: under this write this id stands at this place. */
export interface IndexedEntry extends ResourceKey {
  w: string
  list: string
  order: string
  /** The name that stands there in place of the id. */
  as?: string
  /** Its item's own key. */
  at: { pk: string; sk: string }
}

/** Something that the index should say and does not, or says otherwise. */
export interface MissingEntry extends IndexedEntry {
  kind: 'missing' | 'wrong'
  high: string
  facets: Uint8Array
  since: number
}

/** Whose part of the index is read: a type's, or a patient's compartment. */
export type AuditScope = { type: string } | { patient: string }

export interface AuditPage<T> {
  found: readonly T[]
  /** Present when more may follow. */
  after?: string
}

/** Holds the index against the resources. */
export interface IndexAudit {
  /** Returns the database's time in milliseconds since 1970: that of who looks after the index may be set wrong. */
  now(): number
  /**
   * Brings the transactions that these write ids name to their end before anything that names them is judged: what is
   * committed is carried out; what is too old to be committed is aborted, so that it never will be. Returns the write ids
   * whose transaction may yet be committed.
   */
  decide(ws: readonly string[]): Promise<ReadonlySet<string>>
  /** Returns ids of the type's resources as the resources themselves know them, whatever the index says. */
  ids(type: string, limit: number, after?: string): Promise<AuditPage<string>>
  /** Returns what the index should say of these versions and does not say so. Reads are consistent. */
  missing(expected: readonly Expected[]): Promise<MissingEntry[]>
  /** Returns all that the index should say of these versions, without asking whether it does. */
  allOf(expected: readonly Expected[]): MissingEntry[]
  /** Makes the index say it. Whoever asks must look again whether the versions are still current. */
  put(unsaid: readonly MissingEntry[]): Promise<void>
  /** Returns what of all this the index says. Reads are consistent. */
  entriesOf(versions: readonly Expected[]): Promise<IndexedEntry[]>
  /** Returns what the index says, item by item; what it says of no living id has the id `''`. Reads may lag. */
  entries(scope: AuditScope, limit: number, after?: string): Promise<AuditPage<IndexedEntry>>
  /** Returns which of these the index says still. Reads are consistent. */
  stillPresent(said: readonly IndexedEntry[]): Promise<readonly IndexedEntry[]>
  /** Returns which superseded versions the janitor is going to clear away, as `Type/id w`. */
  leaving(): Promise<ReadonlySet<string>>
  /** Makes the index say it no longer. */
  remove(said: readonly IndexedEntry[]): Promise<void>
}

/** A version's address. */
export interface VersionKey extends ResourceKey {
  v: number
}

/** What one search knows of writes of several resources, and how long it has been reading. */
export interface Reading {
  /** Returns the list of a write of several resources that may have been committed after the reading began. */
  doubted(w: string): string | undefined
  /** Returns what the lists say of these types: version numbers by `Type/id`. */
  members(
    lists: readonly string[],
    types: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>>
  /** Notes that an answer has come. */
  heard(): void
  /** Fails with `busy` where the reading has lasted so long that entries which it needs may be gone. */
  check(): void
  /** Ends the reading; requests that begin from now on know the lists that it has met. */
  end(lists: Iterable<string>): void
}

/** The store of one tenant, for one request. */
export interface Store {
  readonly meter: Meter
  /** How long after the definitions are changed a write may still be committed that does not know it, in milliseconds. */
  readonly grace: number
  /** Returns the tenant's definitions as this process last saw them, without asking. */
  knownDefinitions(): Definitions
  /** Returns the tenant's definitions as they are. */
  definitions(): Promise<Definitions>
  /** Returns the builds whose entries are in the index. */
  builds(): Promise<Build[]>
  /** Forgets builds: nothing that they alone have written is left. */
  forgetBuilds(prints: readonly string[]): Promise<void>
  /** Returns how far work in the background has come, as who does it has kept it. */
  progress(name: string): Promise<Progress>
  /** Keeps how far it has come; returns false where somebody else has kept something since. */
  keepProgress(name: string, progress: Progress): Promise<boolean>
  /** Puts definitions in place of the version before; fails with `version-conflict` where others were faster. */
  define(definitions: Definitions): Promise<void>
  /**
   * Returns the current version (deletions included) for each key, in the keys' order. Reads are consistent.
   * A candidate's `w` beside its id may save a round; it does not change the answer.
   */
  get(keys: readonly (ResourceKey & { w?: string })[]): Promise<(Version | undefined)[]>
  /** Returns one version of a resource, current or past. */
  version(key: ResourceKey, v: number): Promise<Version | undefined>
  /** Returns exactly these versions, in the keys' order; undefined for what never was, is yet to come, or was purged. */
  exactly(keys: readonly VersionKey[]): Promise<(Version | undefined)[]>
  /** Returns, for each key, up to `limit` versions before that number, newest first. */
  below(keys: readonly VersionKey[], limit: number): Promise<Version[][]>
  /** Begins a reading of many resources while others write. */
  reading(): Reading
  /** Returns one page of one shard of a list. Reads are consistent. */
  page(range: Range): Promise<RangePage>
  /** Returns the labels that resources of a type, or of any, have had, with the type; they may be in use no more. */
  labels(type?: string): Promise<readonly { type: string; label: Label }[]>
  /** Returns one page of history, deduplicated by id and version. */
  history(scope: HistoryScope): Promise<HistoryPage>
  /** Takes the names, all or none; fails with `conflict` when another holds one and does not finish in time. */
  lock(names: readonly string[]): Promise<Lock>
  /** Gives the names back; safe to call after a commit and after a failure. */
  release(lock: Lock): Promise<void>
  /** Notes, before the commit under a hold, what it will come to; it counts from the commit on. */
  keepResult(name: string, lock: Lock, record: IdempotencyRecord): Promise<void>
  /** Returns what a named request came to; undefined where it was not committed. For who holds the name. */
  keptResult(name: string): Promise<IdempotencyRecord | undefined>
  /**
   * Commits all writes or none; when it returns, every one is durable and visible to `get` and `page`.
   * Fails with `version-conflict` when a `before` is no longer current, what must not be is deleted or the definitions
   * are others; with `conflict`
   * when another transaction is under way on the same resource and does not finish in time.
   */
  commit(writes: readonly Write[], lock?: Lock, options?: CommitOptions): Promise<void>
  /** Returns what looks after the index. */
  audit(): Promise<IndexAudit>
  /**
   * Removes a resource's past versions for good, bodies in the bucket included; of a deleted one, where it is to go
   * `entirely`, the deletion too. Returns how many versions went; fails with `conflict` where it is being changed.
   */
  purge(key: ResourceKey, entirely: boolean): Promise<number>
}

/** Opens the store of a tenant for one request. */
export type OpenStore = (tenant: string) => Store
