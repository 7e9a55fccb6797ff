/**
 * An encounter, the resources that refer to it, and the resources that it refers to:
 * https://hl7.org/fhir/R4/encounter-operation-everything.html
 */

import { decodeCursor, encodeCursor } from '../../fhir/json/cursor.ts'
import { outcomeEntry, searchEntry } from '../../interactions/bundle/bundle-text.ts'
import { read } from '../../interactions/read.ts'
import { outcomeText } from '../../outcome/outcome.ts'
import type { Call, Interaction, Pairs } from '../../request/call.ts'
import { lastValue } from '../../request/query-text.ts'
import { parseQuery } from '../../search/parse/parse.ts'
import { openStages } from '../../search/reading/stages.ts'
import type { Version } from '../../store/port.ts'
import { inputPairs, type Operation, type OperationDefinition } from '../support/operation.ts'
import { badCursor, mostCharacters, pageCountOf, sinceFilter, typesFilter } from '../support/pages.ts'
import { relatedResourcesOf } from '../support/related-resources.ts'
import { pageLinks, searchset } from '../support/searchset.ts'

const definition: OperationDefinition = {
  url: 'http://hl7.org/fhir/OperationDefinition/Encounter-everything',
  code: 'everything',
  resource: ['Encounter'],
  affectsState: false,
  type: false,
  instance: true,
  parameter: [
    { name: '_since', use: 'in', min: 0, max: '1', type: 'instant' },
    { name: '_type', use: 'in', min: 0, max: '*', type: 'code' },
    { name: '_count', use: 'in', min: 0, max: '1', type: 'integer' },
    { name: 'return', use: 'out', min: 1, max: '1', type: 'Bundle' },
  ],
}

const lastShownName = (pairs: Pairs): string => {
  const cursor = lastValue(pairs, '_cursor')
  if (cursor === undefined) return ''
  const [after] = decodeCursor(cursor)
  if (typeof after !== 'string') throw badCursor()
  return after
}

/** Returns the name by which versions are sorted: the encounter comes first. */
const encounterSortName = ({ type, id }: Version): string => `${type === 'Encounter' ? '' : '~'}${type}/${id}`

interface EncounterPage {
  versions: readonly Version[]
  next?: string
}

/** Returns the number of versions that fit on a page, at least 1. */
const fittingCount = (versions: readonly Version[]): number => {
  let size = 0
  const over = versions.findIndex(({ text }, i) => {
    size += text.length
    return i > 0 && size > mostCharacters
  })
  return over < 0 ? versions.length : over
}

/** Returns a page of an encounter's resources. Every page reads all of them, so the default is a page with all. */
const encounterPageOf = (all: readonly Version[], pairs: Pairs): EncounterPage => {
  const after = lastShownName(pairs)
  const left = all
    .filter((version) => encounterSortName(version) > after)
    .sort((a, b) => (encounterSortName(a) < encounterSortName(b) ? -1 : 1))
  const count = lastValue(pairs, '_count') === undefined ? left.length : pageCountOf(pairs)
  const versions = left.slice(0, Math.min(count, fittingCount(left)))
  const last = versions.at(-1)
  return last && left.length > versions.length
    ? { versions, next: encodeCursor([encounterSortName(last)]) }
    : { versions }
}

const runEncounterEverything: Interaction = async (asked, context) => {
  const call: Call = { ...asked, query: inputPairs(definition, asked) }
  const [types, since = ''] = [typesFilter(call.query), sinceFilter(call.query)]
  const stages = openStages(context.reader)
  const encounter = await stages.stage((reader) =>
    read({ ...call, query: [], headers: {} }, { ...context, reader: { ...context.reader, ...reader } }),
  )
  if (encounter.issues || !encounter.version) return encounter
  const criteria: Pairs = [
    ['_id', call.id],
    ['_include', '*'],
    ['_revinclude', '*'],
  ]
  const { query } = parseQuery('Encounter', criteria, { lenient: false, base: context.base })
  const { runSearch: search } = await import('../../search/search.ts')
  const found = await search(query, { ...context, stages })
  const own = [...found.matches, ...found.included]
  const scope = { after: '', isWanted: () => true, room: Number.POSITIVE_INFINITY }
  const { base } = context
  const related = await stages.stage((reader) => relatedResourcesOf(own, scope, { reader, base }))
  stages.end()
  const all = [...own, ...related.versions]
  const wanted = all.filter(({ type, t }) => (types.size === 0 || types.has(type)) && t >= since)
  const { versions, next } = encounterPageOf(wanted, call.query)
  const entries = [
    ...versions.map((version) => searchEntry(version, 'match', context.base)),
    ...(found.issues.length > 0 ? [outcomeEntry(outcomeText(found.issues))] : []),
  ]
  const links = pageLinks(call, definition.code, context.base, next)
  return searchset(entries, context, { total: wanted.length, links })
}

export const encounterEverythingOperation: Operation = {
  definition,
  methods: ['GET', 'POST'],
  action: 'search',
  run: runEncounterEverything,
}
