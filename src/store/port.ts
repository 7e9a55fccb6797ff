/**
 * The port of the store: everything that the rest of the server may call. An engine is any implementation that passes
 * `tests/store/exam.ts`.
 */

import type { Announcement, Build, Definitions, Progress } from './definitions.ts'
import type { Label } from './label.ts'
import type { Meter } from './meter.ts'

export type { Label, LabelKind } from './label.ts'

/** A resource's address within its tenant. */
export interface ResourceKey {
  type: string
  id: string
}

export type Method = 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A stored version of a resource. */
export interface Version extends ResourceKey {
  /** FHIR's meta.versionId, counted from 1 without gaps. */
  v: number
  /** The write's unique id: an index entry is live only while its `w` is the current version's. */
  w: string
  /** FHIR's meta.lastUpdated: a UTC instant with three digits of a second, never going back for a resource. */
  t: string
  method: Method
  deleted: boolean
  /** The resource's JSON as served, with `id` and `meta`; empty for a deletion. */
  text: string
}

/** A list of the search table: its name without tenant and shard, and the number of its shards. */
export interface List {
  name: string
  shards: number
}

/** An index entry of a write. Entries of a write with the same list and order share an item. */
export interface Entry {
  list: List
  /** The sort position within the list: sortable text without `|`-separated parts of the store's own. */
  order: string
  /** The upper bound of an interval, if it differs from the order's own. */
  high?: string
  /** In a patient's compartment: four-byte hashes of the resource's other search values, packed. */
  facets?: Uint8Array
  /** The name to find in place of the id: the address of a contained resource. */
  as?: string
  /** The number of this entry among a resource's entries of the same list and order, which share no item. */
  nth?: number
}

/** A change of a resource for a commit, which fails unless `before` is still the current version. */
export interface Write extends ResourceKey {
  before: Version | undefined
  /** The id was made at random for this write, so that no other write can use it. */
  fresh?: boolean
  v: number
  t: string
  method: Method
  /** The new JSON text with `id` and `meta` spliced in; absent for a deletion. */
  text?: string
  /** The index entries of the new version. The entries of `before` are removed when no search needs them any more. */
  entries: readonly Entry[]
}

/** A shard of a list, read in order between two positions: `from` inclusive, `to` exclusive. */
export interface Range {
  list: string
  shard: number
  from?: string
  to?: string
  reverse: boolean
  /** The `after` of the previous page. */
  after?: string
  /** The most items to read; an item may hold many candidates. */
  limit: number
}

/**
 * An id, or the name of a contained resource, from an index entry. Only the resource itself shows whether the entry is
 * still valid.
 */
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

/** The versions of a history: of a resource, of a type, or of all; newest first by default. */
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

/** A resource as a writer saw it: undefined for an id without any version. */
export interface SeenVersion extends ResourceKey {
  before: Version | undefined
}

/** The conditions of a commit beside its writes. */
export interface CommitOptions {
  /** Resources that must still be as they were seen, since a change of them came to nothing for that reason. */
  unchanged?: readonly SeenVersion[]
  /** Resources that must not be deleted when the commit takes place, nor have a deletion under way. */
  undeleted?: readonly ResourceKey[]
  /** Called when the writes are visible as under way; if it fails, no write is committed. */
  lastLook?: () => Promise<void>
  /** The version of the tenant's definitions that the entries were made with: must still be current. */
  definitions?: number
}

/** A request with an idempotency key, and its result. */
export interface IdempotencyRecord {
  /** A hash of the request. */
  print: string
  /** Whatever the writer needs to answer again. */
  result: string
}

/** A resource's current version and all its entries. */
export interface Expected extends ResourceKey {
  v: number
  w: string
  entries: readonly Entry[]
}

/** An entry that the index holds: a list and order, with the id and the write id. */
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
   * Completes or aborts the transactions that these write ids name, before any of their entries is judged: a committed
   * transaction is carried out, a transaction too old to be committed is aborted for good. Returns the write ids whose
   * transaction may still be committed.
   */
  decide(ws: readonly string[]): Promise<ReadonlySet<string>>
  /** Returns ids of the type's resources as the resources themselves know them, whatever the index says. */
  ids(type: string, limit: number, after?: string): Promise<AuditPage<string>>
  /** Returns the entries of these versions that the index lacks or holds differently. Reads are consistent. */
  missing(expected: readonly Expected[]): Promise<MissingEntry[]>
  /** Returns all entries of these versions, whether the index holds them or not. */
  allOf(expected: readonly Expected[]): MissingEntry[]
  /** Puts entries into the index. The caller must check afterwards that the versions are still current. */
  put(unsaid: readonly MissingEntry[]): Promise<void>
  /** Returns the entries of these versions that the index holds. Reads are consistent. */
  entriesOf(versions: readonly Expected[]): Promise<IndexedEntry[]>
  /**
   * Returns the entries that the index holds, item by item; the id of an item without living ids is `''`. Reads may lag.
   */
  entries(scope: AuditScope, limit: number, after?: string): Promise<AuditPage<IndexedEntry>>
  /** Returns the given entries that the index still holds. Reads are consistent. */
  stillPresent(said: readonly IndexedEntry[]): Promise<readonly IndexedEntry[]>
  /** Returns the superseded versions that the janitor is going to clear, as `Type/id w`. */
  leaving(): Promise<ReadonlySet<string>>
  /** Removes entries from the index. */
  remove(said: readonly IndexedEntry[]): Promise<void>
}

/** A version's address. */
export interface VersionKey extends ResourceKey {
  v: number
}

/** A reading: its knowledge of writes of several resources, and its duration. */
export interface Reading {
  /** Returns the list of a write of several resources that may have been committed after the reading began. */
  doubted(w: string): string | undefined
  /** Returns the members of lists, of these types: version numbers by `Type/id`. */
  members(
    lists: readonly string[],
    types: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>>
  /** Notes that an answer has come. */
  heard(): void
  /** Fails with `busy` after so long a time that entries which the reading needs may be gone. */
  check(): void
  /** Ends the reading; requests that begin from now on know the lists that this reading met. */
  end(lists: Iterable<string>): void
}

/** The store of a tenant, for one request. */
export interface Store {
  readonly meter: Meter
  /**
   * The time after a change of the definitions during which a write with the previous definitions may still be committed,
   * in milliseconds.
   */
  readonly grace: number
  /** Returns the tenant's definitions as this process last saw them, without asking. */
  knownDefinitions(): Definitions
  /** Returns the tenant's definitions as they are. */
  definitions(): Promise<Definitions>
  /** Returns the builds whose entries are in the index. */
  builds(): Promise<Build[]>
  /** Forgets builds: nothing that they alone have written is left. */
  forgetBuilds(prints: readonly string[]): Promise<void>
  /** Returns the progress of background work, as its worker kept it. */
  progress(name: string): Promise<Progress>
  /** Keeps the progress of background work; returns false if another worker kept progress since. */
  keepProgress(name: string, progress: Progress): Promise<boolean>
  /** Replaces the definitions of the previous version; fails with `version-conflict` if another change was faster. */
  define(definitions: Definitions): Promise<void>
  /** Returns the tenant's announcement as it is. */
  announcement(): Promise<Announcement>
  /** Replaces the announcement of the previous version and publishes it; fails with `version-conflict` like `define`. */
  announce(announcement: Announcement): Promise<void>
  /**
   * Returns the current version (deletions included) for each key, in the keys' order. Reads are consistent. A
   * candidate's `w` beside its id may save a round and does not change the answer.
   */
  get(keys: readonly (ResourceKey & { w?: string })[]): Promise<(Version | undefined)[]>
  /** Returns a version of a resource, current or past. */
  version(key: ResourceKey, v: number): Promise<Version | undefined>
  /**
   * Returns exactly these versions, in the keys' order; undefined for a version that never existed, does not exist yet,
   * or was purged.
   */
  exactly(keys: readonly VersionKey[]): Promise<(Version | undefined)[]>
  /** Returns, for each key, up to `limit` versions before that number, newest first. */
  below(keys: readonly VersionKey[], limit: number): Promise<Version[][]>
  /** Begins a reading of many resources while others write. */
  reading(): Reading
  /** Returns a page of a shard of a list. Reads are consistent. */
  page(range: Range): Promise<RangePage>
  /** Returns the labels that resources of a type, or of any, have had, with the type; they may be in use no more. */
  labels(type?: string): Promise<readonly { type: string; label: Label }[]>
  /** Returns a page of history, each version once. */
  history(scope: HistoryScope): Promise<HistoryPage>
  /** Locks all the names or none; fails with `conflict` if another writer holds a name and does not finish in time. */
  lock(names: readonly string[]): Promise<Lock>
  /** Gives the names back; safe to call after a commit and after a failure. */
  release(lock: Lock): Promise<void>
  /** Keeps, before the commit under a lock, the result it will have; the result counts from the commit on. */
  keepResult(name: string, lock: Lock, record: IdempotencyRecord): Promise<void>
  /**
   * Returns the kept result of a request; undefined for a request that was not committed. The caller must have locked the
   * name.
   */
  keptResult(name: string): Promise<IdempotencyRecord | undefined>
  /**
   * Commits all writes or none; on return every write is durable and visible to `get` and `page`. Fails with
   * `version-conflict` when a `before` is no longer current, a resource of `undeleted` is deleted, or the definitions
   * changed; with `conflict` when another transaction is under way on the same resource and does not finish in time.
   */
  commit(writes: readonly Write[], lock?: Lock, options?: CommitOptions): Promise<void>
  /** Returns the audit of the index. */
  audit(): Promise<IndexAudit>
  /**
   * Removes a resource's past versions for good, bodies in the bucket included; with `entirely`, a deleted resource's
   * deletion too. Returns the number of removed versions; fails with `conflict` while the resource is being changed.
   */
  purge(key: ResourceKey, entirely: boolean): Promise<number>
}

/** Opens the store of a tenant for one request. */
export type OpenStore = (tenant: string) => Store
