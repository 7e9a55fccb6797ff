/** https://hl7.org/fhir/R4/search.html#revinclude — who refers to a resource, by any parameter that finds references. */

import { referenceTo } from '../../fhir/references.ts'
import { inParallel } from '../../store/parallel.ts'
import type { ResourceKey } from '../../store/port.ts'
import type { Reader } from '../../store/reader.ts'
import { defaultControl } from '../parse/control.ts'
import { planQuery } from '../plan/plan.ts'
import type { Query } from '../query.ts'
import { readPage } from '../run/run.ts'
import type { Read } from '../scope.ts'
import { newScope, wholeLimits } from '../scope.ts'
import { type Link, linksTo } from './includes.ts'

const width = 32
/** Each target has a list of its own for each link. */
const targetsAtOnce = 100

/** Whose referrers are wanted, and of which. */
export interface Wanted {
  targets: readonly ResourceKey[]
  /** Says whether one that was found counts. */
  counts: (read: Read) => boolean
  /** No more than these are looked for. */
  most: number
}

const queryFor = ({ type, parameter }: Link, targets: readonly ResourceKey[], base: string): Query => ({
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

const chunked = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))

/** Returns resources that refer to any of the targets, each once, until there are as many as wanted. */
export const referrersOf = async (
  { targets, counts, most }: Wanted,
  { reader, base, now }: { reader: Reader; base: string; now: () => number },
): Promise<Read[]> => {
  const links = linksTo({ type: '*', code: '*' }, new Set(targets.map(({ type }) => type)))
  const searches = links.flatMap((link) =>
    chunked(targets, targetsAtOnce).map((some) => queryFor(link, some, base)),
  )
  const found = new Map<string, Read>()
  await inParallel(width, searches, async (query) => {
    if (found.size >= most) return
    for await (const read of readsOf(query, reader, now())) {
      if (counts(read)) found.set(`${read.version.type}/${read.version.id}`, read)
      if (found.size >= most) return
    }
  })
  return [...found.values()].slice(0, most)
}
