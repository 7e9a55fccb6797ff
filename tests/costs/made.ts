/** Made-up patients as the store keeps them: what a transaction of each would have written, without the writing. */

import type { Bundle, BundleEntry, FhirResource } from 'fhir/r4.js'
import { patientBundle } from '../../src/local/demo/bundle.ts'
import { indexEntriesOf } from '../../src/search/index/entries.ts'
import { type IndexItem, indexItems } from '../../src/store/dynamo/index/items.ts'
import { prepare, type ResourceItem } from '../../src/store/dynamo/items.ts'
import { hashOf } from '../../src/store/keys.ts'
import type { Write } from '../../src/store/port.ts'
import { newWriteId } from '../../src/store/write-ids.ts'

const seed = 20260101

/** When a patient's records were loaded: one patient a minute, the clinics before them all. */
const loadedAt = (index: number): string =>
  new Date(Date.parse('2026-01-02T00:00:00.000Z') + index * 60_000).toISOString()

/** What was written together. */
export interface Written {
  readonly w: string
  readonly writes: readonly Write[]
}

const isShared = ({ request }: BundleEntry): boolean => request?.ifNoneExist !== undefined

/** A clinic and its practitioners go by their identifier, so that every patient's bundle names the same ones. */
const idOf = (entry: BundleEntry): string =>
  isShared(entry)
    ? `${entry.resource?.resourceType.toLowerCase()}-${entry.request?.ifNoneExist?.split('|')[1]}`
    : (entry.fullUrl ?? '').slice(-36)

const withLinks = ({ entry = [] }: Bundle): BundleEntry[] => {
  const keys = new Map(entry.map((each) => [each.fullUrl, `${each.resource?.resourceType}/${idOf(each)}`]))
  const named = entry.map((each) => ({ ...each, resource: { ...each.resource, id: idOf(each) } }))
  return JSON.parse(
    JSON.stringify(named).replace(/urn:uuid:[0-9a-f-]{36}(?=")/g, (url) => keys.get(url) ?? url),
  )
}

const writeOf = (resource: FhirResource, t: string): Write => {
  const stored = { ...resource, meta: { ...resource.meta, versionId: '1', lastUpdated: t } }
  return {
    type: resource.resourceType,
    id: resource.id ?? '',
    before: undefined,
    v: 1,
    t,
    method: 'POST',
    text: JSON.stringify(stored),
    entries: indexEntriesOf(stored as never, t),
  }
}

/** Returns what loading one patient's records writes; a clinic is written the same whoever names it. */
export const writtenFor = (index: number): readonly Written[] => {
  const entries = withLinks(patientBundle(seed, index))
  const resources = (shared: boolean) =>
    entries.filter((entry) => isShared(entry) === shared).map(({ resource }) => resource as FhirResource)
  return [
    { w: newWriteId(false), writes: resources(false).map((resource) => writeOf(resource, loadedAt(index))) },
    ...resources(true).map((resource) => ({
      w: `a${hashOf(resource.id ?? '').slice(0, 16)}`,
      writes: [writeOf(resource, loadedAt(-1))],
    })),
  ]
}

/** Returns the items that a write leaves in the tables. */
export const itemsOf = (
  tenant: string,
  { w, writes }: Written,
): { search: IndexItem[]; resources: ResourceItem[] } => ({
  search: indexItems(
    tenant,
    writes.map(({ id, v, entries }) => ({ id, v, w, entries })),
  ),
  resources: writes.map((write) => prepare(tenant, write, w, false).item),
})
