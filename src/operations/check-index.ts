/** Holds the search index against the resources, and repairs it; for administrators. */

import { referenceTo } from '../fhir/references.ts'
import { failure } from '../outcome/failure.ts'
import { type Call, here, type Interaction, type Pairs } from '../request/call.ts'
import type { Drift } from '../search/audit/audit.ts'
import { type Surveyed, type SurveyScope, survey } from '../search/audit/survey.ts'
import { ownIn } from '../search/custom.ts'
import { inputPairs, type Operation, type OperationDefinition } from './support/operation.ts'

const out = (name: string, type: string, max = '1', min = 1) =>
  ({ name, use: 'out', min, max, type }) as const

const definition: OperationDefinition = {
  url: `${here}/OperationDefinition/check-index`,
  code: 'check-index',
  affectsState: true,
  type: true,
  instance: true,
  parameter: [
    { name: 'repair', use: 'in', min: 0, max: '1', type: 'boolean' },
    { name: 'count', use: 'in', min: 0, max: '1', type: 'positiveInt' },
    { name: 'cursor', use: 'in', min: 0, max: '1', type: 'string' },
    out('resources', 'unsignedInt'),
    out('entries', 'unsignedInt'),
    out('missing', 'unsignedInt'),
    out('wrong', 'unsignedInt'),
    out('stale', 'unsignedInt'),
    out('young', 'unsignedInt'),
    out('repaired', 'boolean'),
    out('list', 'BackboneElement', '*', 0),
    out('drift', 'BackboneElement', '*', 0),
    out('cursor', 'string', '1', 0),
  ],
}

const usualCount = 20_000
const mostCount = 100_000
const patience = 10_000

/** So many single entries are told of; the counts tell of all. */
const mostTold = 100

const last = (pairs: Pairs, name: string): string | undefined => pairs.findLast(([key]) => key === name)?.[1]

const countOf = (pairs: Pairs): number => {
  const text = last(pairs, 'count') ?? String(usualCount)
  if (/^[1-9]\d{0,5}$/.test(text) && Number(text) <= mostCount) return Number(text)
  throw failure('invalid', `\`count=${text}\` is not a number from 1 to ${mostCount}.`)
}

const repairOf = (pairs: Pairs, method: 'GET' | 'POST'): boolean => {
  const text = last(pairs, 'repair') ?? 'false'
  if (text !== 'true' && text !== 'false')
    throw failure('invalid', `\`repair=${text}\` is neither \`true\` nor \`false\`.`)
  if (text === 'true' && method !== 'POST')
    throw failure('invalid', 'A repair changes the index: ask for it with POST.')
  return text === 'true'
}

const scopeOf = ({ type, id }: Call): SurveyScope => {
  if (id === '') return { type }
  return type === 'Patient' ? { patient: id } : { resource: { type, id } }
}

type Parameter = Record<string, unknown>

const count = (name: string, value: number): Parameter => ({ name, valueUnsignedInt: value })

const kinds = ['missing', 'wrong', 'stale'] as const

const countsOf = (drift: readonly Drift[]): Parameter[] =>
  kinds.map((kind) => count(kind, drift.filter((one) => one.kind === kind).length))

const listPart = ([name, drift]: [string, readonly Drift[]]): Parameter => ({
  name: 'list',
  part: [{ name: 'name', valueString: name }, ...countsOf(drift)],
})

const driftPart = ({ kind, type, id, list, order }: Drift): Parameter => ({
  name: 'drift',
  part: [
    { name: 'kind', valueCode: kind },
    ...(id === '' ? [] : [{ name: 'resource', valueReference: { reference: referenceTo({ type, id }) } }]),
    { name: 'list', valueString: list },
    { name: 'order', valueString: order },
  ],
})

const parametersOf = (found: Surveyed, repair: boolean): Parameter[] => [
  count('resources', found.resources),
  count('entries', found.entries),
  ...countsOf(found.drift),
  count('young', found.young),
  { name: 'repaired', valueBoolean: repair },
  ...[...Map.groupBy(found.drift, ({ list }) => list)].map(listPart),
  ...found.drift.slice(0, mostTold).map(driftPart),
  ...(found.next === undefined ? [] : [{ name: 'cursor', valueString: found.next }]),
]

const runBy =
  (method: 'GET' | 'POST'): Interaction =>
  async (call, { store, now }) => {
    const pairs = inputPairs(definition, call)
    const [audit, own] = [await store.audit(), await ownIn(await store.definitions())]
    const checking = { store, audit, now, own, repair: repairOf(pairs, method) }
    const piece = { most: countOf(pairs), patience }
    const found = await survey(checking, scopeOf(call), piece, last(pairs, 'cursor'))
    const parameter = parametersOf(found, checking.repair)
    return { status: 200, text: JSON.stringify({ resourceType: 'Parameters', parameter }) }
  }

const by = (method: 'GET' | 'POST'): Operation => ({
  definition,
  methods: [method],
  action: 'administer',
  run: runBy(method),
})

/** GET only looks; POST may repair. */
export const checkIndexOperations: readonly Operation[] = [by('GET'), by('POST')]
