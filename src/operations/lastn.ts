/** https://hl7.org/fhir/R4/observation-operation-lastn.html */

import type { Resource } from '../fhir/definitions.ts'
import { searchEntry } from '../interactions/bundle-text.ts'
import type { Call, Dispatch, Interaction, Pairs } from '../interactions/call.ts'
import { isKnown } from '../interactions/manners.ts'
import { failure } from '../outcome/failure.ts'
import { parameterOf } from '../search/lists.ts'
import type { Version } from '../store/port.ts'
import { bodyOf } from '../write/body.ts'
import { inputOf, type Operation, type OperationDefinition } from './operation.ts'
import { searchset } from './searchset.ts'

/** Beside `max` it takes any search parameter of Observation. */
const definition: OperationDefinition = {
  url: 'http://hl7.org/fhir/OperationDefinition/Observation-lastn',
  code: 'lastn',
  resource: ['Observation'],
  affectsState: false,
  type: true,
  instance: false,
  parameter: [
    { name: 'max', use: 'in', min: 0, max: '1', type: 'positiveInt' },
    ...['patient', 'subject', 'category', 'code'].map(
      (name) => ({ name, use: 'in', min: 0, max: '*', type: 'string' }) as const,
    ),
    { name: 'return', use: 'out', min: 1, max: '1', type: 'Bundle' },
  ],
}

const most = 10_000

const maxOf = (pairs: Pairs): number => {
  const text = pairs.findLast(([name]) => name === 'max')?.[1] ?? '1'
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw failure('invalid', `\`max=${text}\` is not a number from 1 to 9999.`)
}

const subjects = ['patient', 'subject']
const isSubject = (name: string): boolean => subjects.includes(name.split(/[:.]/)[0] ?? '')

const isCriterion = ([name]: readonly [string, string]): boolean =>
  name !== 'max' && parameterOf('Observation', name.split(/[:.]/)[0] ?? '') !== undefined

const criteriaOf = (pairs: Pairs): Pairs => {
  const criteria = pairs.filter(isCriterion)
  const unknown = pairs.find((pair) => pair[0] !== 'max' && !isCriterion(pair) && !isKnown(pair[0]))
  if (unknown)
    throw failure(
      'unknown-parameter',
      `\`${unknown[0]}\` is no search parameter of Observation, and none of \`$lastn\`.`,
    )
  if (!criteria.some(([name]) => isSubject(name)))
    throw failure('required', '`$lastn` needs to know whose observations: give `patient` or `subject`.')
  return criteria
}

/** Codes of the same thing in several systems make one group. */
const namesOf = ({ text }: Version): string[] => {
  const { code } = JSON.parse(text) as Resource & {
    code?: { text?: string; coding?: { system?: string; code?: string }[] }
  }
  const codings = code?.coding ?? []
  return codings.length > 0
    ? codings.map((each) => `${each.system ?? ''}|${each.code ?? ''}`)
    : [code?.text ?? '']
}

/** Returns the first `max` of each group; they come newest first. */
const firstOfEach = (versions: readonly Version[], max: number): Version[] => {
  const groups = new Map<string, { count: number }>()
  return versions.filter((version) => {
    const names = namesOf(version)
    const group = names.map((name) => groups.get(name)).find((known) => known) ?? { count: 0 }
    for (const name of names) groups.set(name, group)
    group.count++
    return group.count <= max
  })
}

const pairsOf = (call: Call): Pairs =>
  call.body.trim() === '' || bodyOf(call.body, 'Parameters').resource.resourceType !== 'Parameters'
    ? call.query
    : [...call.query, ...inputOf(definition, { ...call, query: [] })]

const run: Interaction = async (call: Call, context: Dispatch) => {
  const pairs = pairsOf(call)
  const max = maxOf(pairs)
  const criteria = [...criteriaOf(pairs), ['_sort', '-date'] as const]
  const { findMatching } = await import('../search/search.ts')
  const found = await findMatching('Observation', criteria, context, most + 1)
  if (found.length > most)
    throw failure(
      'too-costly',
      `More than ${most} observations match. Add \`category\`, \`code\` or \`date\`.`,
    )
  const entries = firstOfEach(found, max).map((version) => searchEntry(version, 'match', context.base))
  return searchset(entries, context, { total: entries.length })
}

export const lastnOperation: Operation = { definition, methods: ['GET', 'POST'], action: 'search', run }
