import type { Bundle, FhirResource } from 'fhir/r4.js'
import type { Client, SearchParams } from 'fhir-kit-client'
import type { Session } from './session.ts'

/** Returns the matches of a search, over as many pages as it takes, up to a limit; `adorn` adds what a page includes. */
export const searchAll = async <Type extends FhirResource>(
  session: Session,
  resourceType: string,
  searchParams: SearchParams,
  limit: number,
  adorn: (found: Type[], page: Bundle) => Type[] = (found) => found,
): Promise<Type[]> => {
  const found: Type[] = []
  let page = await session.ask(async (client) => bundle(await client.search({ resourceType, searchParams })))
  while (page) {
    found.push(...adorn(matches<Type>(page), page))
    const current = page
    page = found.length < limit ? await session.ask((client) => nextPage(client, current)) : undefined
  }
  return found.slice(0, limit)
}

/** The client's own types of resources are looser than those of `@types/fhir`. */
const bundle = (resource: unknown): Bundle | undefined => resource as Bundle | undefined

const nextPage = async (client: Client, current: Bundle): Promise<Bundle | undefined> =>
  current.link?.some((link) => link.relation === 'next')
    ? bundle(await client.nextPage({ bundle: current as never }))
    : undefined

const matches = <Type extends FhirResource>(page: Bundle): Type[] =>
  (page.entry ?? []).flatMap((entry) =>
    entry.resource && entry.search?.mode !== 'include' && entry.search?.mode !== 'outcome'
      ? [entry.resource as Type]
      : [],
  )
