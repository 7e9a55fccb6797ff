/** https://hl7.org/fhir/R4/http.html#history */

import { dateInterval, type Interval } from '../fhir/dates.ts'
import { failure } from '../outcome/failure.ts'
import { notFound } from '../outcome/messages.ts'
import type { HistoryPage, HistoryScope, Store, Version } from '../store/port.ts'
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

const known = ['_since', '_at', '_count', '_sort', '_cursor']

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

const periodOf = ({ type, id, query }: Call): Interval => {
  if (id === '')
    throw failure(
      'unsupported',
      `\`_at\` is supported for one resource: \`${type || '[type]'}/[id]/_history?_at=…\`. Use \`_since\` here.`,
    )
  const text = last(query, '_at')?.replace(' ', '+') ?? ''
  const period = dateInterval(text)
  if (!period) throw failure('invalid', `\`_at=${text}\` is not a date or time such as \`2026-01-31\`.`)
  return period
}

/** Returns the versions that were current at some time of the period: each lasts until the next one comes. */
const versionsAt = async (call: Call, store: Store): Promise<Version[]> => {
  const { low, high } = periodOf(call)
  const all = await everyVersion(call, store)
  return all.filter(({ t }, i) => t <= high && (i === 0 || (all[i - 1]?.t ?? '') > low))
}

const everyVersion = async (call: Call, store: Store): Promise<Version[]> => {
  const { after: _, ...scope } = scopeOf(call)
  const all: Version[] = []
  let after: string | undefined
  do {
    const page: HistoryPage = await store.history({ ...scope, limit: maxCount, ...(after && { after }) })
    all.push(...page.versions)
    after = page.after
  } while (after !== undefined)
  return all
}

const newestFirst = '-_lastUpdated'
const orders = [newestFirst, '_lastUpdated']

const isOldestFirst = ({ query, id }: Call): boolean => {
  const order = last(query, '_sort') ?? newestFirst
  if (!orders.includes(order))
    throw failure('invalid', `\`_sort=${order}\`: a history is sorted by ${orders.join(' or ')}.`)
  if (order !== newestFirst && id === '')
    throw failure(
      'unsupported',
      'Oldest first is supported for one resource; other histories come newest first.',
    )
  return order !== newestFirst
}

const oldestFirst = async (call: Call, store: Store): Promise<HistoryPage> => {
  const from = Number(last(call.query, '_cursor') ?? 0)
  const rest = (await everyVersion(call, store)).toReversed().filter(({ v }) => v > from)
  const versions = rest.slice(0, countOf(call.query))
  return rest.length > versions.length ? { versions, after: String(versions.at(-1)?.v) } : { versions }
}

const pageOf = async (call: Call, store: Store): Promise<HistoryPage> => {
  const reversed = isOldestFirst(call)
  if (last(call.query, '_at') === undefined)
    return reversed ? oldestFirst(call, store) : store.history(scopeOf(call))
  const versions = await versionsAt(call, store)
  return { versions: reversed ? versions.toReversed() : versions }
}

export const history: Interaction = async (call, { store, base, now }) => {
  checkQuery(call, ...known)
  const cut = await cutFor(call)
  const page = await pageOf(call, store)
  const { type, id } = call
  const narrowed = call.query.some(([name]) => ['_since', '_at', '_cursor'].includes(name))
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
