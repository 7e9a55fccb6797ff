/** http://hl7.org/fhir/us/core/OperationDefinition/docref — the DocumentReferences of a patient's documents. */

import { searchEntry } from '../interactions/bundle/bundle-text.ts'
import { failure } from '../outcome/failure.ts'
import type { Interaction, Pairs } from '../request/call.ts'
import { escapeValue } from '../search/parse/escapes.ts'
import type { Version } from '../store/port.ts'
import type { Coding } from '../terminology/resources.ts'
import { type OperationInput, readInput } from './support/input.ts'
import type { Operation, OperationDefinition } from './support/operation.ts'
import { pageLinks, searchset } from './support/searchset.ts'

const definition: OperationDefinition = {
  url: 'http://hl7.org/fhir/us/core/OperationDefinition/docref',
  code: 'docref',
  resource: ['DocumentReference'],
  affectsState: false,
  type: true,
  instance: false,
  parameter: [
    { name: 'patient', use: 'in', min: 1, max: '1', type: 'id' },
    { name: 'start', use: 'in', min: 0, max: '1', type: 'dateTime' },
    { name: 'end', use: 'in', min: 0, max: '1', type: 'dateTime' },
    { name: 'type', use: 'in', min: 0, max: '*', type: 'Coding' },
    { name: 'on-demand', use: 'in', min: 0, max: '1', type: 'boolean' },
    { name: 'profile', use: 'in', min: 0, max: '*', type: 'canonical' },
    { name: 'return', use: 'out', min: 1, max: '1', type: 'Bundle' },
  ],
}

/** https://loinc.org/34133-9 — the summary of an episode, as C-CDA calls a CCD. */
const continuityOfCare = 'http://loinc.org|34133-9'

const maxDocuments = 1000

const tokenText = ({ system, code = '' }: Coding): string =>
  system === undefined ? escapeValue(code) : `${escapeValue(system)}|${escapeValue(code)}`

const careDatePattern = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+ -]\d\d:\d\d))?)?)?$/

/** Returns the clauses for the time of care, https://hl7.org/fhir/R4/documentreference.html#search `period`. */
const periodPairs = (input: OperationInput): Pairs =>
  (['start', 'end'] as const).flatMap((name) => {
    const text = input.text(name)
    if (text === undefined) return []
    if (!careDatePattern.test(text))
      throw failure('invalid', `\`${name}=${text}\` is not a date, such as \`2024-05-01T10:00:00Z\`.`, name)
    return [['period', `${name === 'start' ? 'ge' : 'le'}${text}`] as const]
  })

/** Returns the id of the patient; the operation takes an id, and `Patient/ID` is accepted too. */
const patientOfInput = (input: OperationInput): string => {
  const id = input.text('patient')?.replace(/^Patient\//, '')
  if (id !== undefined && /^[A-Za-z0-9.-]{1,64}$/.test(id)) return id
  throw failure('required', '`$docref` needs the id of a patient: give `patient`.', 'patient')
}

const documentCriteria = (input: OperationInput): Pairs => {
  const types = input.objects<Coding>('type').map(tokenText)
  const profiles = input.texts('profile').map(escapeValue)
  return [
    ['patient', `Patient/${patientOfInput(input)}`],
    ['status', 'current'],
    ...(types.length > 0 ? [['type', types.join(',')] as const] : []),
    ...(profiles.length > 0 ? [['_profile', profiles.join(',')] as const] : []),
    ...periodPairs(input),
    ['_sort', '-date'],
  ]
}

type FindDocuments = (criteria: Pairs) => Promise<readonly Version[]>

const newestOfTypes = async (
  types: readonly string[],
  criteria: Pairs,
  find: FindDocuments,
): Promise<readonly Version[]> => {
  const others = criteria.filter(([name]) => name !== 'type')
  const newest = await Promise.all(
    types.map(async (type) => (await find([...others, ['type', type]])).slice(0, 1)),
  )
  return [...new Map(newest.flat().map((version) => [version.id, version])).values()]
}

/**
 * Returns the documents in scope: with a period, all matches; without a period, the most recent document of each
 * requested type; without a type as well, the most recent CCD or, for a patient without a CCD, the most recent document.
 */
const inScope = async (criteria: Pairs, find: FindDocuments): Promise<readonly Version[]> => {
  if (criteria.some(([name]) => name === 'period')) return find(criteria)
  const types = criteria.flatMap(([name, value]) => (name === 'type' ? value.split(',') : []))
  if (types.length > 0) return newestOfTypes(types, criteria, find)
  const summaries = await find([...criteria, ['type', continuityOfCare]])
  return (summaries.length > 0 ? summaries : await find(criteria)).slice(0, 1)
}

const runDocref: Interaction = async (call, context) => {
  const input = readInput(definition, call)
  const criteria = documentCriteria(input)
  const { findMatching } = await import('../search/search.ts')
  const find = async (pairs: Pairs) => {
    const found = await findMatching('DocumentReference', pairs, context, maxDocuments + 1)
    if (found.length <= maxDocuments) return found
    throw failure(
      'too-costly',
      `More than ${maxDocuments} documents match. Add \`start\`, \`end\` or \`type\`.`,
    )
  }
  // No documents are generated on demand; only stored documents are returned.
  const documents = input.flag('on-demand') === true ? [] : await inScope(criteria, find)
  const entries = documents.map((version) => searchEntry(version, 'match', context.base))
  return searchset(entries, context, {
    total: entries.length,
    links: pageLinks(call, definition.code, context.base),
  })
}

export const docrefOperation: Operation = {
  definition,
  methods: ['GET', 'POST'],
  action: 'search',
  run: runDocref,
}
