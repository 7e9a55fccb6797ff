/** https://hl7.org/fhir/R4/http.html#history */

import { type BundleLink, bundleText } from '../fhir/bundle.ts'
import { type Link, parseLink } from '../fhir/references.ts'
import { dateInterval, type Interval } from '../fhir/values/dates.ts'
import { failure } from '../outcome/failure.ts'
import { notFound } from '../outcome/messages.ts'
import { type Call, type Interaction, issuesAnswer, type Pairs } from '../request/call.ts'
import type { Context } from '../request/context.ts'
import { lastValue, queryText } from '../request/query-text.ts'
import { inParallel } from '../store/parallel.ts'
import type { HistoryPage, HistoryScope, Version } from '../store/port.ts'
import type { Reader } from '../store/reader.ts'
import { historyEntry } from './bundle/bundle-text.ts'
import { checkQuery, cutFor, isKnown } from './result-parameters.ts'

type LocalLink = Extract<Link, { kind: 'local' }>

const defaultCount = 50
const maxCount = 1000

const countOf = (query: Pairs): number => {
  const text = lastValue(query, '_count')
  if (text === undefined) return defaultCount
  if (!/^[1-9]\d*$/.test(text))
    throw failure('invalid', `\`_count=${text}\` is not a number from 1 to ${maxCount}.`)
  return Math.min(Number(text), maxCount)
}

const instant = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/

const sinceOf = (query: Pairs): string | undefined => {
  const text = lastValue(query, '_since')?.replace(' ', '+')
  if (text === undefined) return undefined
  if (!instant.test(text) || Number.isNaN(Date.parse(text)))
    throw failure('invalid', `\`_since=${text}\` is not an instant such as \`2026-01-31T08:00:00Z\`.`)
  return new Date(text).toISOString()
}

/**
 * A cursor with this mark leads back: its page ends before the position, whereas a page without the mark begins behind
 * the position.
 */
const backMark = '-'

const leadsBack = (query: Pairs): boolean => lastValue(query, '_cursor')?.startsWith(backMark) === true

/** Returns the position in a cursor: a version number, or the position of a version among several resources. */
const cursorOf = (query: Pairs, id: string): string | undefined => {
  const cursor = lastValue(query, '_cursor')?.replace(/^-/, '')
  const manyResources = id === '' || lastValue(query, '_list') !== undefined
  const pattern = manyResources ? /^\d{4}-\d\d-\d\dT[\d:.]+Z\|/ : /^\d{1,10}$/
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

const historyParameters = ['_since', '_at', '_list', '_count', '_sort', '_cursor']

const urlWith = (base: string, path: string, pairs: Pairs): string => {
  const query = queryText(pairs)
  return query === '' ? `${base}/${path}` : `${base}/${path}?${query}`
}

/** Returns the position of a version as a text, in the form in which the pages of this history compare positions. */
const positionIn = ({ type, id, query }: Call, version: Version): string => {
  if (lastValue(query, '_list') !== undefined) return historyPosition(version)
  if (id !== '') return paddedNumber(version)
  return [version.t, ...(type === '' ? [version.type] : []), version.id, version.v].join('|')
}

/** A page, read in either direction, with the cursors of its neighbours. */
interface LinkedPage extends HistoryPage {
  before?: string
  /** Set on an empty page that a link back led to: the history begins behind the page. */
  beginning?: boolean
}

/**
 * Returns a position that still includes the cursor's version. Behind the last version a page may be empty; the page
 * before ends with that version.
 */
const including = (cursor: string, reversed: boolean): string =>
  reversed ? `${cursor}0` : cursor.slice(0, -1)

const beforeOf = (call: Call, { versions: [first] }: HistoryPage): string | undefined => {
  const cursor = cursorOf(call.query, call.id)
  if (cursor === undefined) return undefined
  return `${backMark}${first ? positionIn(call, first) : including(cursor, isOldestFirst(call.query))}`
}

/** Returns the page that ends before a position, read from there in the opposite order. */
const pageBefore = async (call: Call, context: Context): Promise<LinkedPage> => {
  const order = isOldestFirst(call.query) ? newestFirst : '_lastUpdated'
  const query = call.query
    .filter(([name]) => name !== '_sort' && name !== '_cursor')
    .concat([
      ['_sort', order],
      ['_cursor', cursorOf(call.query, call.id) ?? ''],
    ])
  const page = await pageOf({ ...call, query }, context)
  const versions = page.versions.toReversed()
  const [first, end] = [versions.at(0), versions.at(-1)]
  return {
    versions,
    ...(end ? { after: positionIn(call, end) } : { beginning: true }),
    ...(page.after !== undefined && first && { before: `${backMark}${positionIn(call, first)}` }),
  }
}

const pageFor = async (call: Call, context: Context): Promise<LinkedPage> => {
  if (leadsBack(call.query)) return pageBefore(call, context)
  const page = await pageOf(call, context)
  const before = beforeOf(call, page)
  return { ...page, ...(before !== undefined && { before }) }
}

const historyLinks = ({ type, id, query }: Call, page: LinkedPage, base: string): BundleLink[] => {
  const path = [type, id, '_history'].filter((part) => part !== '').join('/')
  const pairs = query.filter(([name]) => isKnown(name, ...historyParameters))
  const rest = pairs.filter(([name]) => name !== '_cursor')
  const link = (relation: string, cursor: string | undefined): BundleLink[] =>
    cursor === undefined ? [] : [{ relation, url: urlWith(base, path, [...rest, ['_cursor', cursor]]) }]
  return [
    { relation: 'self', url: urlWith(base, path, pairs) },
    ...link('previous', page.before),
    ...(page.beginning ? [{ relation: 'next', url: urlWith(base, path, rest) }] : link('next', page.after)),
  ]
}

const periodOf = (query: Pairs): Interval => {
  const text = lastValue(query, '_at')?.replace(' ', '+') ?? ''
  const period = dateInterval(text)
  if (!period) throw failure('invalid', `\`_at=${text}\` is not a date or time such as \`2026-01-31\`.`)
  return period
}

/** Returns the versions that were current at some time of the period: each version lasts until the next. */
const versionsAt = async (call: Call, reader: Reader): Promise<Version[]> => {
  const { low, high } = periodOf(call.query)
  const all = await everyVersion(call, reader)
  return all.filter(({ t }, i) => t <= high && (i === 0 || (all[i - 1]?.t ?? '') > low))
}

/**
 * Returns the versions that had been replaced at an instant; a version whose successor is no longer stored counts as
 * replaced.
 */
const replacedBy = async (
  versions: readonly Version[],
  then: string,
  reader: Reader,
): Promise<Set<Version>> => {
  const current = versions.length > 0 ? await reader.get(versions) : []
  const past = versions.filter(({ v }, i) => (current[i]?.v ?? v) > v)
  const next = await inParallel(16, past, (version) => reader.version(version, version.v + 1))
  return new Set(past.filter((_, i) => (next[i]?.t ?? then) <= then))
}

const currentAt = async (
  versions: readonly Version[],
  { low }: Interval,
  reader: Reader,
): Promise<Version[]> => {
  const older = versions.filter(({ t }) => t <= low)
  const replaced = await replacedBy(older, low, reader)
  return versions.filter((version) => !replaced.has(version))
}

/** The maximum of versions read for a page; a page that would need more is short, with a link to the next. */
const maxVersionsRead = 2000

/** Returns a page of the versions that were current at some time of the period, of a type or of all. */
const pageAt = async (scope: HistoryScope, period: Interval, reader: Reader): Promise<HistoryPage> => {
  const found: Version[] = []
  let { after } = scope
  for (let looked = 0; looked < maxVersionsRead; ) {
    const limit = scope.limit - found.length
    const page = await reader.history({ ...scope, until: period.high, limit, ...(after && { after }) })
    found.push(...(await currentAt(page.versions, period, reader)))
    after = page.after
    looked += limit
    if (after === undefined) return { versions: found }
    if (found.length >= scope.limit) break
  }
  return { versions: found, ...(after && { after }) }
}

const everyVersion = async (call: Call, reader: Reader): Promise<Version[]> => {
  const { after: _, ...scope } = scopeOf(call)
  const all: Version[] = []
  let after: string | undefined
  do {
    const page: HistoryPage = await reader.history({ ...scope, limit: maxCount, ...(after && { after }) })
    all.push(...page.versions)
    after = page.after
  } while (after !== undefined)
  return all
}

const newestFirst = '-_lastUpdated'
const historyOrders = [newestFirst, '_lastUpdated']

const isOldestFirst = (query: Pairs): boolean => {
  const order = lastValue(query, '_sort') ?? newestFirst
  if (historyOrders.includes(order)) return order !== newestFirst
  throw failure('invalid', `\`_sort=${order}\`: a history is sorted by ${historyOrders.join(' or ')}.`)
}

/** The position of a version in the history of its resource, and in a history of many resources. */
const paddedNumber = ({ v }: Version): string => String(v).padStart(10, '0')
const historyPosition = (version: Version): string =>
  `${version.t}|${version.type}|${version.id}|${paddedNumber(version)}`

/** Returns a page of loaded versions; `all` is sorted from the newest to the oldest. */
const pageFrom = (
  all: readonly Version[],
  { query }: Call,
  { after, limit }: HistoryScope,
  place: (version: Version) => string,
): HistoryPage => {
  const reversed = isOldestFirst(query)
  const isNext = (version: Version) =>
    after === undefined || (reversed ? place(version) > after : place(version) < after)
  const rest = (reversed ? all.toReversed() : all).filter(isNext)
  const versions = rest.slice(0, limit)
  const end = versions.at(-1)
  return rest.length > limit && end ? { versions, after: place(end) } : { versions }
}

const versionsOfResource = (call: Call, reader: Reader): Promise<Version[]> =>
  lastValue(call.query, '_at') === undefined ? everyVersion(call, reader) : versionsAt(call, reader)

const pageOfResource = async (call: Call, reader: Reader): Promise<HistoryPage> => {
  const scope = scopeOf(call)
  const plain = lastValue(call.query, '_at') === undefined && !isOldestFirst(call.query)
  return plain
    ? reader.history(scope)
    : pageFrom(await versionsOfResource(call, reader), call, scope, paddedNumber)
}

const listedLinks = async (id: string, { reader, base }: Context): Promise<LocalLink[]> => {
  const [list] = await reader.get([{ type: 'List', id }])
  if (!list || list.deleted) throw failure('not-found', notFound('List', id).diagnostics, '_list')
  const { entry = [] } = JSON.parse(list.text) as { entry?: { item?: { reference?: string } }[] }
  return entry.flatMap(({ item }) => {
    const link = parseLink(item?.reference ?? '', base)
    return link?.kind === 'local' ? [link] : []
  })
}

/**
 * Returns a page with the resources in a List, each with all versions or with the version that the List names:
 * https://hl7.org/fhir/R4/http.html#history
 */
const pageOfList = async (call: Call, list: string, context: Context): Promise<HistoryPage> => {
  const links = (await listedLinks(list, context)).filter(
    ({ type, id }) => (call.type === '' || call.type === type) && (call.id === '' || call.id === id),
  )
  const query = call.query.filter(([name]) => name !== '_cursor' && name !== '_list')
  const found = await inParallel(8, links, async ({ type, id, version }) => {
    const all = await versionsOfResource({ ...call, type, id, query }, context.reader)
    return all.filter(({ v }) => version === undefined || version === String(v))
  })
  const distinct = new Map(found.flat().map((version) => [historyPosition(version), version]))
  const all = [...distinct].sort(([a], [b]) => (a < b ? 1 : -1)).map(([, version]) => version)
  return pageFrom(all, call, scopeOf(call), historyPosition)
}

const pageOf = async (call: Call, context: Context): Promise<HistoryPage> => {
  const { reader } = context
  const list = lastValue(call.query, '_list')
  if (list !== undefined) return pageOfList(call, list, context)
  if (call.id !== '') return pageOfResource(call, reader)
  const scope = { ...scopeOf(call), oldestFirst: isOldestFirst(call.query) }
  if (lastValue(call.query, '_at') === undefined) return reader.history(scope)
  return pageAt(scope, periodOf(call.query), reader)
}

/** https://hl7.org/fhir/R4/http.html#history: each of them once at the most. */
const checkOnce = (query: Pairs): void => {
  const again = query.find(
    ([name], i) => historyParameters.includes(name) && query.findIndex(([each]) => each === name) < i,
  )
  if (again) throw failure('invalid', `\`${again[0]}\` stands there twice; a history takes it once.`)
}

export const history: Interaction = async (call, context) => {
  checkQuery(call, ...historyParameters)
  checkOnce(call.query)
  const { base, now } = context
  const cut = await cutFor(call)
  const page = await pageFor(call, context)
  const { type, id } = call
  const narrowed = call.query.some(([name]) => ['_since', '_at', '_list', '_cursor'].includes(name))
  if (id !== '' && page.versions.length === 0 && !narrowed) return issuesAnswer(404, [notFound(type, id)])
  const entries = page.versions.map((version) => historyEntry(version, base, cut(version)))
  const timestamp = new Date(now()).toISOString()
  const whole = page.after === undefined && !narrowed
  const total = whole ? entries.length : undefined
  return {
    status: 200,
    text: bundleText({ type: 'history', timestamp, total, links: historyLinks(call, page, base), entries }),
  }
}
