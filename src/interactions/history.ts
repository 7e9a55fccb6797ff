/** https://hl7.org/fhir/R4/http.html#history */

import { dateInterval, type Interval } from '../fhir/dates.ts'
import { failure } from '../outcome/failure.ts'
import { notFound } from '../outcome/messages.ts'
import type { HistoryPage, HistoryScope, Store, Version } from '../store/port.ts'
import { inParallel } from '../write/parallel.ts'
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

/** What a link to the next page says: a version's number, or the place of one among others. */
const cursorOf = (query: Pairs, id: string): string | undefined => {
  const cursor = last(query, '_cursor')
  const pattern = id === '' ? /^\d{4}-\d\d-\d\dT[\d:.]+Z\|/ : /^\d{1,10}$/
  if (cursor === undefined || pattern.test(cursor)) return cursor
  throw failure('invalid', `\`_cursor=${cursor}\` is not of this history. Follow the links of its pages.`)
}

const scopeOf = ({ type, id, query }: Call): HistoryScope => {
  const since = sinceOf(query)
  const after = cursorOf(query, id)
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

const periodOf = (query: Pairs): Interval => {
  const text = last(query, '_at')?.replace(' ', '+') ?? ''
  const period = dateInterval(text)
  if (!period) throw failure('invalid', `\`_at=${text}\` is not a date or time such as \`2026-01-31\`.`)
  return period
}

/** Returns the versions that were current at some time of the period: each lasts until the next one comes. */
const versionsAt = async (call: Call, store: Store): Promise<Version[]> => {
  const { low, high } = periodOf(call.query)
  const all = await everyVersion(call, store)
  return all.filter(({ t }, i) => t <= high && (i === 0 || (all[i - 1]?.t ?? '') > low))
}

/** Returns the versions that something had replaced by then: what is newer was there already. */
const replacedBy = async (
  versions: readonly Version[],
  then: string,
  store: Store,
): Promise<Set<Version>> => {
  const current = versions.length > 0 ? await store.get(versions) : []
  const past = versions.filter(({ v }, i) => (current[i]?.v ?? v) > v)
  const next = await inParallel(past, 16, (version) => store.version(version, version.v + 1))
  return new Set(past.filter((_, i) => (next[i]?.t ?? then) <= then))
}

const currentAt = async (
  versions: readonly Version[],
  { low }: Interval,
  store: Store,
): Promise<Version[]> => {
  const older = versions.filter(({ t }) => t <= low)
  const replaced = await replacedBy(older, low, store)
  return versions.filter((version) => !replaced.has(version))
}

/** How many versions are looked at for a page, at the most: then it is short, with a link to the next. */
const mostLookedAt = 2000

/** Returns a page of the versions that were current at some time of the period, of a type or of all. */
const severalAt = async (scope: HistoryScope, period: Interval, store: Store): Promise<HistoryPage> => {
  const found: Version[] = []
  let { after } = scope
  for (let looked = 0; looked < mostLookedAt; ) {
    const limit = scope.limit - found.length
    const page = await store.history({ ...scope, until: period.high, limit, ...(after && { after }) })
    found.push(...(await currentAt(page.versions, period, store)))
    after = page.after
    looked += limit
    if (after === undefined) return { versions: found }
    if (found.length >= scope.limit) break
  }
  return { versions: found, ...(after && { after }) }
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

const isOldestFirst = (query: Pairs): boolean => {
  const order = last(query, '_sort') ?? newestFirst
  if (orders.includes(order)) return order !== newestFirst
  throw failure('invalid', `\`_sort=${order}\`: a history is sorted by ${orders.join(' or ')}.`)
}

/** Returns a page of one resource's versions, which are all known. */
const pageFrom = (all: readonly Version[], { query }: Call, { after, limit }: HistoryScope): HistoryPage => {
  const reversed = isOldestFirst(query)
  const from = after === undefined ? undefined : Number(after)
  const rest = (reversed ? all.toReversed() : all).filter(
    ({ v }) => from === undefined || (reversed ? v > from : v < from),
  )
  const versions = rest.slice(0, limit)
  return rest.length > limit ? { versions, after: String(versions.at(-1)?.v) } : { versions }
}

const pageOfOne = async (call: Call, store: Store): Promise<HistoryPage> => {
  const scope = scopeOf(call)
  if (last(call.query, '_at') !== undefined) return pageFrom(await versionsAt(call, store), call, scope)
  return isOldestFirst(call.query)
    ? pageFrom(await everyVersion(call, store), call, scope)
    : store.history(scope)
}

const pageOf = async (call: Call, store: Store): Promise<HistoryPage> => {
  if (call.id !== '') return pageOfOne(call, store)
  const scope = { ...scopeOf(call), oldestFirst: isOldestFirst(call.query) }
  if (last(call.query, '_at') === undefined) return store.history(scope)
  return severalAt(scope, periodOf(call.query), store)
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
