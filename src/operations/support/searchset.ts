import { type BundleLink, bundleText } from '../../fhir/bundle.ts'
import type { Answer, Call, Dispatch } from '../../request/call.ts'
import { subjectPath } from '../../request/call.ts'
import { queryText } from '../../request/query-text.ts'

/** Returns the answer that is a searchset of these entries. */
export const searchset = (
  entries: readonly string[],
  { now }: Pick<Dispatch, 'now'>,
  more: { total?: number; links?: readonly BundleLink[] } = {},
): Answer => ({
  status: 200,
  text: bundleText({
    type: 'searchset',
    id: crypto.randomUUID(),
    timestamp: new Date(now()).toISOString(),
    ...more,
    entries,
  }),
})

/** Returns the links of a page of an operation's answer: to itself, and by a cursor to the next page. */
export const pageLinks = (call: Call, code: string, base: string, next?: string): BundleLink[] => {
  const urlOf = (pairs: Call['query']): string => {
    const query = queryText(pairs)
    return `${base}/${subjectPath(call)}/$${code}${query === '' ? '' : `?${query}`}`
  }
  const self = { relation: 'self', url: urlOf(call.query) }
  if (next === undefined) return [self]
  const begin = call.query.filter(([name]) => name !== '_cursor')
  return [self, { relation: 'next', url: urlOf([...begin, ['_cursor', next]]) }]
}
