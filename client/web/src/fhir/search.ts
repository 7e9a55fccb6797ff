import type { Bundle, FhirResource } from 'fhir/r4.js'
import type { Client, SearchParams } from 'fhir-kit-client'
import type { Page, ReadPage } from './collection.ts'

const matches = <T extends FhirResource>(bundle: Bundle): T[] =>
  (bundle.entry ?? [])
    .filter((entry) => entry.search?.mode === undefined || entry.search.mode === 'match')
    .flatMap((entry) => (entry.resource ? [entry.resource as T] : []))

/** Turns a searchset into a page of its matches. */
export const pageOf = <T extends FhirResource>(bundle: Bundle): Page<T> => ({
  items: matches<T>(bundle),
  next: bundle.link?.find((link) => link.relation === 'next')?.url,
  total: bundle.total,
})

/** Returns the first page of a search, or the one at a `next` link. */
export const readBundle = async (
  client: Client,
  search: { resourceType: FhirResource['resourceType']; searchParams: SearchParams },
  next: string | undefined,
  signal: AbortSignal,
): Promise<Bundle> => {
  const bundle = next
    ? await client.request(next, { options: { signal } })
    : await client.resourceSearch({ ...search, options: { signal } })
  return bundle as unknown as Bundle
}

/** Returns a reader of a search's pages: the first by its parameters, the others by their `next` link. */
export const searchPages =
  <T extends FhirResource>(
    client: Client,
    resourceType: T['resourceType'],
    searchParams: SearchParams,
  ): ReadPage<T> =>
  async (next, signal) =>
    pageOf<T>(await readBundle(client, { resourceType, searchParams }, next, signal))
