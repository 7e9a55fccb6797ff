import type { Resource } from '../fhir/definitions.ts'
import type { Archive } from './archive.ts'
import { currentDefinitions } from './dynamo/definitions.ts'
import { removeLeftovers } from './dynamo/index-items.ts'
import { finish } from './dynamo/journal.ts'
import { openSession, type StorePlace } from './dynamo/open.ts'
import type { Session } from './dynamo/session.ts'
import { statesOf } from './dynamo/transactions.ts'
import type { Definitions, Entry } from './port.ts'
import { journalsIn, type LostVersion, lostVersions, type StreamRecord } from './stream.ts'

/** Returns where a resource wants to be found; search knows, the store is told. */
export type EntriesOf = (resource: Resource, t: string) => readonly Entry[]

/** How long a writer may take to carry out its journal before the janitor lends a hand, in milliseconds. */
const patience = 5_000

const finishJournals = async (session: Session, txns: readonly string[]): Promise<void> => {
  const states = await statesOf(session, txns)
  const unfinished = txns.filter((txn) => states.get(txn) === 'unfinished')
  await Promise.all(unfinished.map((txn) => finish(session, txn, patience)))
}

/**
 * Returns a function that clears up after the writes which the given stream records show: it carries out journals
 * whose writer has died, and removes dead index entries; it returns of how many index items.
 */
export const openJanitor = (
  place: StorePlace,
  archive: Pick<Archive, 'body' | 'keys'>,
  entriesFor: (definitions: Definitions) => EntriesOf | Promise<EntriesOf>,
) => {
  const sessionOf = openSession(place)
  const clear = async (tenant: string, versions: readonly LostVersion[]): Promise<number> => {
    const session = sessionOf(tenant)
    const entriesOf = await entriesFor(await currentDefinitions(session))
    const placed = versions.map(({ id, w, t, text }) => ({ id, w, entries: entriesOf(JSON.parse(text), t) }))
    return removeLeftovers(session, placed)
  }
  return async (records: readonly StreamRecord[]): Promise<number> => {
    const lost = await lostVersions(records, archive)
    const journals = Map.groupBy(journalsIn(records), ({ tenant }) => tenant)
    const finished = [...journals].map(([tenant, all]) =>
      finishJournals(
        sessionOf(tenant),
        all.map(({ txn }) => txn),
      ),
    )
    await Promise.all(finished)
    const byTenant = Map.groupBy(lost, ({ tenant }) => tenant)
    const removed = [...byTenant].map(([tenant, versions]) => clear(tenant, versions))
    return (await Promise.all(removed)).reduce((sum, count) => sum + count, 0)
  }
}
