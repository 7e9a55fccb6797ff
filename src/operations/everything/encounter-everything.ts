/** https://hl7.org/fhir/R4/encounter-operation-everything.html — the encounter, what refers to it, and what it refers to. */

import { decodeCursor, encodeCursor } from '../../fhir/json/cursor.ts'
import { outcomeEntry, searchEntry } from '../../interactions/bundle/bundle-text.ts'
import { read } from '../../interactions/read.ts'
import { outcomeText } from '../../outcome/outcome.ts'
import type { Call, Interaction, Pairs } from '../../request/call.ts'
import { parseQuery } from '../../search/parse/parse.ts'
import { openStages } from '../../search/reading/stages.ts'
import type { Version } from '../../store/port.ts'
import { inputOf, type Operation, type OperationDefinition } from '../support/operation.ts'
import { badCursor, countOf, lastOf, mostCharacters, sinceOf, typesOf } from '../support/pages.ts'
import { companionsOf } from '../support/related-resources.ts'
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

const placeOf = (pairs: Pairs): string => {
  const cursor = lastOf(pairs, '_cursor')
  if (cursor === undefined) return ''
  const [after] = decodeCursor(cursor)
  if (typeof after !== 'string') throw badCursor()
  return after
}

/** The encounter comes first. */
const nameOf = ({ type, id }: Version): string => `${type === 'Encounter' ? '' : '~'}${type}/${id}`

interface Page {
  versions: readonly Version[]
  next?: string
}

/** As many as fit on a page, but one at the least. */
const fitting = (versions: readonly Version[]): number => {
  let size = 0
  const over = versions.findIndex(({ text }, i) => {
    size += text.length
    return i > 0 && size > mostCharacters
  })
  return over < 0 ? versions.length : over
}

/** An encounter is read whole at any rate; a client that wants less at once is given less. */
const pageOf = (all: readonly Version[], pairs: Pairs): Page => {
  const after = placeOf(pairs)
  const left = all
    .filter((version) => nameOf(version) > after)
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  const count = lastOf(pairs, '_count') === undefined ? left.length : countOf(pairs)
  const versions = left.slice(0, Math.min(count, fitting(left)))
  const last = versions.at(-1)
  return last && left.length > versions.length
    ? { versions, next: encodeCursor([nameOf(last)]) }
    : { versions }
}

const run: Interaction = async (asked, context) => {
  const call: Call = { ...asked, query: inputOf(definition, asked) }
  const [types, since = ''] = [typesOf(call.query), sinceOf(call.query)]
  const stages = openStages(context.store)
  const encounter = await stages.stage((reader) =>
    read({ ...call, query: [], headers: {} }, { ...context, store: { ...context.store, ...reader } }),
  )
  if (encounter.issues || !encounter.version) return encounter
  const criteria: Pairs = [
    ['_id', call.id],
    ['_include', '*'],
    ['_revinclude', '*'],
  ]
  const { query } = parseQuery('Encounter', criteria, { lenient: false, base: context.base })
  const { search } = await import('../../search/search.ts')
  const found = await search(query, { ...context, stages })
  const own = [...found.matches, ...found.included]
  const company = { after: '', isWanted: () => true, room: Number.POSITIVE_INFINITY }
  const { base } = context
  const related = await stages.stage((store) => companionsOf(own, company, { store, base }))
  stages.end()
  const all = [...own, ...related.versions]
  const wanted = all.filter(({ type, t }) => (types.size === 0 || types.has(type)) && t >= since)
  const { versions, next } = pageOf(wanted, call.query)
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
  run,
}
