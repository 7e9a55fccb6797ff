import { referenceTo } from '../../fhir/references.ts'
import { purgedAt, purgedPrefix } from '../keys.ts'
import type { ResourceKey } from '../port.ts'
import type { Archive } from './archive.ts'

/** By resource, `Type/id`: the instant before which its versions were purged. */
export type Purged = ReadonlyMap<string, string>

const purgedUnder = async (archive: Pick<Archive, 'keys'>, prefix: string): Promise<Purged> => {
  const purged = new Map<string, string>()
  // The keys of a resource come in the order of their instants, so the last one stays.
  for await (const key of archive.keys(prefix)) {
    const { type, id, until } = purgedAt(key)
    purged.set(referenceTo({ type, id }), until)
  }
  return purged
}

/** Returns the purged resources of a tenant. */
export const purgedIn = (archive: Pick<Archive, 'keys'>, tenant: string): Promise<Purged> =>
  purgedUnder(archive, purgedPrefix(tenant))

/** Returns whether a version is among the purged ones. */
export const isPurged = (purged: Purged, { type, id, t }: ResourceKey & { t: string }): boolean =>
  t < (purged.get(referenceTo({ type, id })) ?? '')

/** Returns whether a version was purged, asking for its resource alone. */
export const wasPurged = async (
  archive: Pick<Archive, 'keys'>,
  version: ResourceKey & { tenant: string; t: string },
): Promise<boolean> => isPurged(await purgedUnder(archive, purgedPrefix(version.tenant, version)), version)
