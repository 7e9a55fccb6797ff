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
import { finish } from './dynamo/transaction/journal.ts'
import { statesOf } from './dynamo/transaction/record.ts'
import { pastKey, resourceOf } from './keys.ts'
import type { Definitions, Entry } from './port.ts'

/** Returns where a resource wants to be found; search knows, the store is told. */
export type EntriesOf = (resource: Resource, t: string) => readonly Entry[]

/** How long a writer may take to carry out its journal before the janitor lends a hand, in milliseconds. */
const patience = 5_000

/** No search reads for longer than a third of this; in milliseconds. */
const usualDelay = 60_000

/** How long one batch of records may clear away what earlier ones have left, in milliseconds. */
const longestSweep = 10_000
const rowsAtOnce = 10

const finishJournals = async (session: Session, txns: readonly string[]): Promise<void> => {
  const states = await statesOf(session, txns)
  const unfinished = txns.filter((txn) => states.get(txn) === 'unfinished')
  await Promise.all(unfinished.map((txn) => finish(session, txn, patience)))
}

const byTenant = <T extends { tenant: string }>(all: readonly T[]): [string, T[]][] => [
  ...Map.groupBy(all, ({ tenant }) => tenant),
]

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0)

type Bodies = Pick<Archive, 'body' | 'keys'>

interface Clearing {
  archive: Bodies
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

/** Past versions say where they were to be found; one that was purged meanwhile leaves its entries to the index care. */
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

/** A row that cannot be cleared away keeps nothing else waiting: it is tried again once its claim is over. */
const clearRow = async (session: Session, clearing: Clearing, row: SupersededRow): Promise<number> => {
  try {
    const removed = await clearSuperseded(session, clearing, versionsIn(row))
    await forgetRow(session, row)
    return removed
  } catch {
    return 0
  }
}

/** Clears away rows that are due until none is, or its time is over: the next batch of records goes on. */
const sweep = async (session: Session, clearing: Clearing): Promise<number> => {
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
 * Returns a function that clears up after the writes which the given stream records show, and returns of how many index
 * items: it carries out journals whose writer has died, removes the entries of aborted writes at once, and notes which
 * versions are superseded. Their entries go 60 s after the record's own time by DynamoDB's clock, with whichever batch
 * comes then: until that time a search may need them. Nothing waits for it.
 */
export const openJanitor = (
  place: StorePlace,
  archive: Bodies,
  entriesFor: Clearing['entriesFor'],
  delay = usualDelay,
) => {
  const sessionOf = openSession(place)
  const clearing = { archive, entriesFor }
  const tenantsIn = (records: readonly StreamRecord[]): string[] => {
    const keys = records.map(({ dynamodb }) => (dynamodb?.NewImage ?? dynamodb?.OldImage)?.pk?.S ?? '')
    return [...new Set(keys.map((pk) => resourceOf(pk).tenant))].filter((tenant) => tenant !== '')
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
    const swept = tenantsIn(records).map((tenant) => sweep(sessionOf(tenant), clearing))
    return sumOf(await Promise.all([...cleared, ...swept]))
  }
}
