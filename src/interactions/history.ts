/** https://hl7.org/fhir/R4/http.html#history */

import { failure } from '../outcome/failure.ts'
import { notFound } from '../outcome/messages.ts'
import type { HistoryPage, HistoryScope } from '../store/port.ts'
import { queryText } from '../write/query-text.ts'
import { type BundleLink, bundleText, historyEntry } from './bundle-text.ts'
import { type Call, type Interaction, type Pairs, telling } from './call.ts'
import { checkQuery, cutFor, isKnown } from './manners.ts'

const defaultCount = 50
const maxCount = 1000

const last = (query: Pairs, name: string): string | undefined => query.findLast(([key]) => key === name)?.[1]

const countOf = (query: Pairs): number => {
  const text = last(query, '_count')
  if (text === undefined) return defaultCount
  if (!/^[1-9]\d*$/.test(text))
    throw failure('invalid', `\`_count=${text}\` is not a number from 1 to ${maxCount}.`)
  return Math.min(Number(text), maxCount)
}

const instant = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/

const sinceOf = (query: Pairs): string | undefined => {
  const text = last(query, '_since')?.replace(' ', '+')
  if (text === undefined) return undefined
  if (!instant.test(text) || Number.isNaN(Date.parse(text)))
    throw failure('invalid', `\`_since=${text}\` is not an instant such as \`2026-01-31T08:00:00Z\`.`)
  return new Date(text).toISOString()
}

const scopeOf = ({ type, id, query }: Call): HistoryScope => {
  const since = sinceOf(query)
  const after = last(query, '_cursor')
  return {
    ...(type === '' ? {} : { type }),
    ...(id === '' ? {} : { id }),
    ...(since === undefined ? {} : { since }),
    ...(after === undefined ? {} : { after }),
    limit: countOf(query),
  }
}

const known = ['_since', '_count', '_cursor']

const urlWith = (base: string, path: string, pairs: Pairs): string => {
  const query = queryText(pairs)
  return query === '' ? `${base}/${path}` : `${base}/${path}?${query}`
}

const linksOf = ({ type, id, query }: Call, page: HistoryPage, base: string): BundleLink[] => {
  const path = [type, id, '_history'].filter((part) => part !== '').join('/')
  const pairs = query.filter(([name]) => isKnown(name, ...known))
  const self = { relation: 'self', url: urlWith(base, path, pairs) }
  if (page.after === undefined) return [self]
  const following = [...pairs.filter(([name]) => name !== '_cursor'), ['_cursor', page.after] as const]
  return [self, { relation: 'next', url: urlWith(base, path, following) }]
}

export const history: Interaction = async (call, { store, base, now }) => {
  checkQuery(call, ...known)
  const cut = await cutFor(call)
  const page = await store.history(scopeOf(call))
  const { type, id } = call
  const narrowed = call.query.some(([name]) => name === '_since' || name === '_cursor')
  if (id !== '' && page.versions.length === 0 && !narrowed) return telling(404, [notFound(type, id)])
  const entries = page.versions.map((version) => historyEntry(version, base, cut(version)))
  const timestamp = new Date(now()).toISOString()
  const whole = page.after === undefined && !narrowed
  const total = whole ? entries.length : undefined
  return {
    status: 200,
    text: bundleText({ type: 'history', timestamp, total, links: linksOf(call, page, base), entries }),
  }
}
