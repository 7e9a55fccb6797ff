/** https://hl7.org/fhir/R4/encounter-operation-everything.html — the encounter, what refers to it, and what it refers to. */

import { isResourceType } from '../fhir/types.ts'
import { bundleText, outcomeEntry, searchEntry } from '../interactions/bundle-text.ts'
import type { Interaction, Pairs } from '../interactions/call.ts'
import { read } from '../interactions/read.ts'
import { failure } from '../outcome/failure.ts'
import { unknownType } from '../outcome/messages.ts'
import { outcomeText } from '../outcome/outcome.ts'
import { parseQuery } from '../search/parse.ts'
import { inputOf, type Operation, type OperationDefinition } from './operation.ts'

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
    { name: 'return', use: 'out', min: 1, max: '1', type: 'Bundle' },
  ],
}

const typesOf = (pairs: Pairs): ReadonlySet<string> => {
  const types = pairs.filter(([name]) => name === '_type').flatMap(([, value]) => value.split(','))
  const unknown = types.find((type) => !isResourceType(type))
  if (unknown !== undefined) throw unknownType(unknown)
  return new Set(types)
}

const sinceOf = (pairs: Pairs): string => {
  const text = pairs.findLast(([name]) => name === '_since')?.[1].replace(' ', '+')
  if (text === undefined) return ''
  if (Number.isNaN(Date.parse(text))) throw failure('invalid', `\`_since=${text}\` is not an instant.`)
  return new Date(text).toISOString()
}

const run: Interaction = async (call, context) => {
  const pairs = inputOf(definition, call)
  const [types, since] = [typesOf(pairs), sinceOf(pairs)]
  const encounter = await read({ ...call, query: [], headers: {} }, context)
  if (encounter.issues || !encounter.version) return encounter
  const criteria: Pairs = [
    ['_id', call.id],
    ['_include', '*'],
    ['_revinclude', '*'],
  ]
  const { query } = parseQuery('Encounter', criteria, { lenient: false, base: context.base })
  const { search } = await import('../search/search.ts')
  const page = await search(query, context)
  const wanted = [...page.matches, ...page.included].filter(
    ({ type, t }) => (types.size === 0 || types.has(type)) && t >= since,
  )
  return {
    status: 200,
    text: bundleText({
      type: 'searchset',
      id: crypto.randomUUID(),
      timestamp: new Date(context.now()).toISOString(),
      total: wanted.length,
      entries: [
        ...wanted.map((version) => searchEntry(version, 'match', context.base)),
        ...(page.issues.length > 0 ? [outcomeEntry(outcomeText(page.issues))] : []),
      ],
    }),
  }
}

export const encounterEverythingOperation: Operation = {
  definition,
  methods: ['GET', 'POST'],
  action: 'search',
  run,
}
