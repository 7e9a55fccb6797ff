import type { Resource } from '../fhir/definitions.ts'
import type { Archive } from './archive.ts'
import { removeLeftovers } from './dynamo/index-items.ts'
import { openSession, type StorePlace } from './dynamo/open.ts'
import type { Entry } from './port.ts'
import { type LostVersion, lostVersions, type StreamRecord } from './stream.ts'

/** Returns where a resource wants to be found; search knows, the store is told. */
export type EntriesOf = (resource: Resource, t: string) => readonly Entry[]

/** Returns a function that removes index entries which the given stream records show to be dead; it returns how many. */
export const openJanitor = (place: StorePlace, archive: Pick<Archive, 'body'>, entriesOf: EntriesOf) => {
  const sessionOf = openSession(place)
  const placed = ({ id, w, t, text }: LostVersion) => ({ id, w, entries: entriesOf(JSON.parse(text), t) })
  return async (records: readonly StreamRecord[]): Promise<number> => {
    const lost = await lostVersions(records, archive)
    const byTenant = Map.groupBy(lost, ({ tenant }) => tenant)
    const removed = [...byTenant].map(([tenant, versions]) =>
      removeLeftovers(sessionOf(tenant), versions.map(placed)),
    )
    return (await Promise.all(removed)).reduce((sum, count) => sum + count, 0)
  }
}
