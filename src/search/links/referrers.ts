/** https://hl7.org/fhir/R4/search.html#revinclude — the resources that refer to a resource, by any reference parameter. */

import { referenceTo } from '../../fhir/references.ts'
import { inChunks, inParallel } from '../../store/parallel.ts'
import type { ResourceKey } from '../../store/port.ts'
import type { Reader } from '../../store/reader.ts'
import { defaultControl } from '../parse/control.ts'
import { planQuery } from '../plan/plan.ts'
import type { Query } from '../query.ts'
import { readPage } from '../run/run.ts'
import type { Read } from '../scope.ts'
import { newScope, wholeLimits } from '../scope.ts'
import { type LinkParameter, linkParametersTo } from './link-parameters.ts'

const referrerSearchesAtOnce = 32
/** The targets in a single search: each has a list of its own for each link. */
const targetsAtOnce = 100

/** The targets, the referrers that count, and their largest number. */
export interface ReferrerRequest {
  targets: readonly ResourceKey[]
  /** Returns whether a found referrer counts. */
  counts: (read: Read) => boolean
  /** The number of referrers at which the search stops. */
  most: number
}

const referrerQuery = (
  { type, parameter }: LinkParameter,
  targets: readonly ResourceKey[],
  base: string,
): Query => ({
  ...defaultControl,
  type,
  base,
  clauses: [{ kind: 'linked', parameter, targets: new Set(targets.map((target) => referenceTo(target))) }],
  selfPairs: [],
  count: 100,
})

async function* readsOf(query: Query, reader: Reader, started: number): AsyncGenerator<Read> {
  const plan = planQuery(query)
  let page: Awaited<ReturnType<typeof readPage>> | undefined
  do {
    page = await readPage(newScope(reader, started, wholeLimits), query, plan, page?.next)
    yield* page.reads
  } while (page.next)
}

/** Returns up to `most` resources that refer to any of the targets, each once. */
export const referrersOf = async (
  { targets, counts, most }: ReferrerRequest,
  { reader, base, now }: { reader: Reader; base: string; now: () => number },
): Promise<Read[]> => {
  const links = linkParametersTo({ type: '*', code: '*' }, new Set(targets.map(({ type }) => type)))
  const searches = links.flatMap((link) =>
    inChunks(targets, targetsAtOnce).map((some) => referrerQuery(link, some, base)),
  )
  const found = new Map<string, Read>()
  await inParallel(referrerSearchesAtOnce, searches, async (query) => {
    if (found.size >= most) return
    for await (const read of readsOf(query, reader, now())) {
      if (counts(read)) found.set(`${read.version.type}/${read.version.id}`, read)
      if (found.size >= most) return
    }
  })
  return [...found.values()].slice(0, most)
}
