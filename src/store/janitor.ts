import type { Resource } from '../fhir/definitions.ts'
import type { Archive } from './archive/archive.ts'
import {
  abortedVersions,
  journalsIn,
  type LostVersion,
  type StreamRecord,
  type SupersededVersion,
  supersededVersions,
  withTexts,
} from './archive/stream.ts'
import type { Definitions } from './definitions.ts'
import { readAll } from './dynamo/batch.ts'
import { currentDefinitions } from './dynamo/index/definitions.ts'
import { removeLeftovers } from './dynamo/index/items.ts'
import {
  claimRow,
  dueRows,
  forgetRow,
  keepSuperseded,
  type Superseded,
  type SupersededRow,
  versionsIn,
} from './dynamo/index/superseded.ts'
import type { ResourceItem } from './dynamo/items.ts'
import { openSession, type StorePlace } from './dynamo/open.ts'
import type { Session } from './dynamo/session.ts'
import { finishJournal } from './dynamo/transaction/journal.ts'
import { statesOf } from './dynamo/transaction/record.ts'
import { pastKey, resourceOfPartition } from './keys.ts'
import type { Entry } from './port.ts'

/** Returns the index entries of a resource; search knows them, and the store receives this function. */
export type EntriesOf = (resource: Resource, t: string) => readonly Entry[]

/** The time a writer has to carry out its journal before the janitor helps, in milliseconds. */
const journalPatience = 5_000

/** No search reads for longer than a third of this; in milliseconds. */
const usualDelay = 60_000

/** The time a batch of records may spend on rows that earlier batches left, in milliseconds. */
const longestSweep = 10_000
const rowsAtOnce = 10

const finishJournals = async (session: Session, txns: readonly string[]): Promise<void> => {
  const states = await statesOf(session, txns)
  const unfinished = txns.filter((txn) => states.get(txn) === 'unfinished')
  await Promise.all(unfinished.map((txn) => finishJournal(session, txn, journalPatience)))
}

const byTenant = <T extends { tenant: string }>(all: readonly T[]): [string, T[]][] => [
  ...Map.groupBy(all, ({ tenant }) => tenant),
]

const totalOfCounts = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0)

type JanitorArchive = Pick<Archive, 'body' | 'keys'>

interface Clearing {
  archive: JanitorArchive
  entriesFor: (definitions: Definitions) => EntriesOf | Promise<EntriesOf>
}

const clear = async (
  session: Session,
  { entriesFor }: Clearing,
  versions: readonly LostVersion[],
): Promise<number> => {
  if (versions.length === 0) return 0
  const entriesOf = await entriesFor(await currentDefinitions(session))
  const placed = versions.map(({ id, v, w, t, text }) => ({
    id,
    v,
    w,
    entries: entriesOf(JSON.parse(text), t),
  }))
  return removeLeftovers(session, placed)
}

/**
 * The texts of past versions give their entries. The index audit removes the entries of a version that was
 * purged meanwhile.
 */
const clearSuperseded = async (
  session: Session,
  clearing: Clearing,
  versions: readonly Superseded[],
): Promise<number> => {
  const { tables, tenant } = session
  const keys = versions.map((version) => pastKey(tenant, version, version.v))
  const items = await readAll<ResourceItem>(session, tables.resources, keys, false)
  const known = new Set(versions.map(({ w }) => w))
  const images = items.filter(({ w }) => known.has(w)).map((image) => ({ pk: image.pk, image }))
  return clear(session, clearing, await withTexts(images, clearing.archive))
}

/** A row that cannot be cleared delays no other row: it is tried again after its claim ends. */
const clearRow = async (session: Session, clearing: Clearing, row: SupersededRow): Promise<number> => {
  try {
    const removed = await clearSuperseded(session, clearing, versionsIn(row))
    await forgetRow(session, row)
    return removed
  } catch {
    return 0
  }
}

/** Clears due rows until no row is due, or the time is up; the next batch of records goes on. */
const clearDueRows = async (session: Session, clearing: Clearing): Promise<number> => {
  const began = performance.now()
  let removed = 0
  for (;;) {
    const rows = await dueRows(session, rowsAtOnce)
    let taken = 0
    for (const row of rows) {
      if (performance.now() - began > longestSweep) return removed
      if (!(await claimRow(session, row))) continue
      taken++
      removed += await clearRow(session, clearing, row)
    }
    if (taken === 0) return removed
  }
}

const keepAll = async (session: Session, versions: readonly SupersededVersion[], delay: number) => {
  const until = Math.max(...versions.map((version) => version.until))
  await keepSuperseded(session, versions, (until || session.clock.now()) + delay)
}

/**
 * Returns a function that cleans up after the writes of stream records and returns the number of removed
 * index items. It carries out journals whose writer died, removes the entries of aborted writes at once, and
 * records which versions are superseded. Entries of superseded versions are removed 60 s after the record's
 * time by DynamoDB's clock, with any later batch: until then a search may need them. No request waits for
 * this.
 */
export const openJanitor = (
  place: StorePlace,
  archive: JanitorArchive,
  entriesFor: Clearing['entriesFor'],
  delay = usualDelay,
) => {
  const sessionOf = openSession(place)
  const clearing = { archive, entriesFor }
  const tenantsIn = (records: readonly StreamRecord[]): string[] => {
    const keys = records.map(({ dynamodb }) => (dynamodb?.NewImage ?? dynamodb?.OldImage)?.pk?.S ?? '')
    return [...new Set(keys.map((pk) => resourceOfPartition(pk).tenant))].filter((tenant) => tenant !== '')
  }
  return async (records: readonly StreamRecord[]): Promise<number> => {
    const journals = byTenant(journalsIn(records)).map(([tenant, all]) =>
      finishJournals(
        sessionOf(tenant),
        all.map(({ txn }) => txn),
      ),
    )
    await Promise.all(journals)
    const superseded = byTenant(supersededVersions(records))
    await Promise.all(superseded.map(([tenant, versions]) => keepAll(sessionOf(tenant), versions, delay)))
    const aborted = byTenant(await abortedVersions(records, archive))
    const cleared = aborted.map(([tenant, versions]) => clear(sessionOf(tenant), clearing, versions))
    const swept = tenantsIn(records).map((tenant) => clearDueRows(sessionOf(tenant), clearing))
    return totalOfCounts(await Promise.all([...cleared, ...swept]))
  }
}

/**
 * Returns a function that removes the entries of a tenant's superseded versions that are due, for ten seconds at most, and
 * returns the number of removed index items: where nothing is written, no stream record makes the janitor look.
 */
export const openDueSweep = (
  place: StorePlace,
  archive: JanitorArchive,
  entriesFor: Clearing['entriesFor'],
) => {
  const sessionOf = openSession(place)
  return (tenant: string): Promise<number> => clearDueRows(sessionOf(tenant), { archive, entriesFor })
}
