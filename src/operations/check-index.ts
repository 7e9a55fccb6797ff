/** `$check-index` compares the search index with the resources and repairs the index; for administrators. */

import { referenceTo } from '../fhir/references.ts'
import { failure } from '../outcome/failure.ts'
import { type Call, canonicalBase, type Interaction, type Pairs } from '../request/call.ts'
import { lastValue } from '../request/query-text.ts'
import type { Drift } from '../search/audit/audit.ts'
import { type Surveyed, type SurveyScope, survey } from '../search/audit/survey.ts'
import { customParametersIn } from '../search/custom.ts'
import { inputPairs, type Operation, type OperationDefinition } from './support/operation.ts'

const surveyOutput = (name: string, type: string, max = '1', min = 1) =>
  ({ name, use: 'out', min, max, type }) as const

const definition: OperationDefinition = {
  url: `${canonicalBase}/OperationDefinition/check-index`,
  code: 'check-index',
  affectsState: true,
  type: true,
  instance: true,
  parameter: [
    { name: 'repair', use: 'in', min: 0, max: '1', type: 'boolean' },
    { name: 'count', use: 'in', min: 0, max: '1', type: 'positiveInt' },
    { name: 'cursor', use: 'in', min: 0, max: '1', type: 'string' },
    surveyOutput('resources', 'unsignedInt'),
    surveyOutput('entries', 'unsignedInt'),
    surveyOutput('missing', 'unsignedInt'),
    surveyOutput('wrong', 'unsignedInt'),
    surveyOutput('stale', 'unsignedInt'),
    surveyOutput('young', 'unsignedInt'),
    surveyOutput('repaired', 'boolean'),
    surveyOutput('list', 'BackboneElement', '*', 0),
    surveyOutput('drift', 'BackboneElement', '*', 0),
    surveyOutput('cursor', 'string', '1', 0),
  ],
}

const defaultSurveyCount = 20_000
const maxSurveyCount = 100_000
const surveyMilliseconds = 10_000

/** The maximum of single entries in an answer; the counts include all. */
const maxDriftShown = 100

const surveyCountOf = (pairs: Pairs): number => {
  const text = lastValue(pairs, 'count') ?? String(defaultSurveyCount)
  if (/^[1-9]\d{0,5}$/.test(text) && Number(text) <= maxSurveyCount) return Number(text)
  throw failure('invalid', `\`count=${text}\` is not a number from 1 to ${maxSurveyCount}.`)
}

const repairOf = (pairs: Pairs, method: 'GET' | 'POST'): boolean => {
  const text = lastValue(pairs, 'repair') ?? 'false'
  if (text !== 'true' && text !== 'false')
    throw failure('invalid', `\`repair=${text}\` is neither \`true\` nor \`false\`.`)
  if (text === 'true' && method !== 'POST')
    throw failure('invalid', 'A repair changes the index: ask for it with POST.')
  return text === 'true'
}

const surveyScopeOf = ({ type, id }: Call): SurveyScope => {
  if (id === '') return { type }
  return type === 'Patient' ? { patient: id } : { resource: { type, id } }
}

type SurveyPart = Record<string, unknown>

const surveyCount = (name: string, value: number): SurveyPart => ({ name, valueUnsignedInt: value })

const driftKinds = ['missing', 'wrong', 'stale'] as const

const countsOf = (drift: readonly Drift[]): SurveyPart[] =>
  driftKinds.map((kind) => surveyCount(kind, drift.filter((one) => one.kind === kind).length))

const listPart = ([name, drift]: [string, readonly Drift[]]): SurveyPart => ({
  name: 'list',
  part: [{ name: 'name', valueString: name }, ...countsOf(drift)],
})

const driftPart = ({ kind, type, id, list, order }: Drift): SurveyPart => ({
  name: 'drift',
  part: [
    { name: 'kind', valueCode: kind },
    ...(id === '' ? [] : [{ name: 'resource', valueReference: { reference: referenceTo({ type, id }) } }]),
    { name: 'list', valueString: list },
    { name: 'order', valueString: order },
  ],
})

const surveyParameters = (found: Surveyed, repair: boolean): SurveyPart[] => [
  surveyCount('resources', found.resources),
  surveyCount('entries', found.entries),
  ...countsOf(found.drift),
  surveyCount('young', found.young),
  { name: 'repaired', valueBoolean: repair },
  ...[...Map.groupBy(found.drift, ({ list }) => list)].map(listPart),
  ...found.drift.slice(0, maxDriftShown).map(driftPart),
  ...(found.next === undefined ? [] : [{ name: 'cursor', valueString: found.next }]),
]

const runBy =
  (method: 'GET' | 'POST'): Interaction =>
  async (call, { store, now }) => {
    const pairs = inputPairs(definition, call)
    const [audit, own] = [await store.audit(), await customParametersIn(await store.definitions())]
    const checking = { store, audit, now, own, repair: repairOf(pairs, method) }
    const piece = { most: surveyCountOf(pairs), patience: surveyMilliseconds }
    const found = await survey(checking, surveyScopeOf(call), piece, lastValue(pairs, 'cursor'))
    const parameter = surveyParameters(found, checking.repair)
    return { status: 200, text: JSON.stringify({ resourceType: 'Parameters', parameter }) }
  }

const checkIndexBy = (method: 'GET' | 'POST'): Operation => ({
  definition,
  methods: [method],
  action: 'administer',
  run: runBy(method),
})

/** GET only looks; POST may repair. */
export const checkIndexOperations: readonly Operation[] = [checkIndexBy('GET'), checkIndexBy('POST')]
