/** https://hl7.org/fhir/R4/http.html#search */

import { outcomeText } from '../outcome/outcome.ts'
import { explained } from '../search/explain.ts'
import { parseQuery } from '../search/parse.ts'
import { search as runSearch, type SearchPage } from '../search/search.ts'
import { queryText } from '../write/query-text.ts'
import { type BundleLink, bundleText, outcomeEntry, searchEntry } from './bundle-text.ts'
import type { Call, Interaction, Pairs } from './call.ts'
import { type Cut, cutFor } from './manners.ts'

/** A form's fields come after the URL's parameters. */
const pairsOf = ({ query, body, headers }: Call): Pairs =>
  headers['content-type']?.startsWith('application/x-www-form-urlencoded')
    ? [...query, ...new URLSearchParams(body)]
    : query

const address = (base: string, type: string, pairs: Pairs): string => {
  const path = type === '' ? base : `${base}/${type}`
  const query = queryText(pairs)
  return query === '' ? path : `${path}?${query}`
}

const linksOf = (page: SearchPage, type: string, understood: Pairs, base: string): BundleLink[] => {
  const self = { relation: 'self', url: address(base, type, understood) }
  if (page.next === undefined) return [self]
  const following = [...understood.filter(([name]) => name !== '_cursor'), ['_cursor', page.next] as const]
  return [self, { relation: 'next', url: address(base, type, following) }]
}

const entriesOf = (page: SearchPage, base: string, cut: Cut, issues: SearchPage['issues']): string[] => [
  ...page.matches.map((version) => searchEntry(version, 'match', base, cut(version))),
  ...page.included.map((version) => searchEntry(version, 'include', base, cut(version))),
  ...(issues.length > 0 ? [outcomeEntry(outcomeText(issues))] : []),
]

export const search: Interaction = async (call, context) => {
  const { base, now } = context
  const pairs = pairsOf(call)
  const { query, issues } = parseQuery(call.type, pairs, { lenient: call.prefer.lenient, base })
  const cut = await cutFor({ ...call, query: pairs })
  const page = await runSearch(query, context)
  const told = [...issues, ...page.issues, ...(query.explain ? [explained(page.explain)] : [])]
  return {
    status: 200,
    text: bundleText({
      type: 'searchset',
      id: crypto.randomUUID(),
      timestamp: new Date(now()).toISOString(),
      total: page.total,
      links: linksOf(page, call.type, query.selfPairs, base),
      entries: entriesOf(page, base, cut, told),
    }),
  }
}
