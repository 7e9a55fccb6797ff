/** https://hl7.org/fhir/R4/observation-operation-lastn.html */

import type { Resource } from '../fhir/definitions.ts'
import { searchEntry } from '../interactions/bundle/bundle-text.ts'
import { isKnown } from '../interactions/result-parameters.ts'
import { failure } from '../outcome/failure.ts'
import type { Interaction, Pairs } from '../request/call.ts'
import { searchParameterOf } from '../search/index/lists.ts'
import { orderPositionOf } from '../search/index/order.ts'
import type { Version } from '../store/port.ts'
import { givenPairs, type Operation, type OperationDefinition, refuseRepeated } from './support/operation.ts'
import { pageLinks, searchset } from './support/searchset.ts'

/** Beside `max`, every search parameter of Observation is accepted. */
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

const maxLastnObservations = 10_000

const maxOfGroup = (pairs: Pairs): number => {
  const text = pairs.findLast(([name]) => name === 'max')?.[1] ?? '1'
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw failure('invalid', `\`max=${text}\` is not a number from 1 to 9999.`)
}

const subjects = ['patient', 'subject']
const isSubject = (name: string): boolean => subjects.includes(name.split(/[:.]/)[0] ?? '')

const isCriterion = ([name]: readonly [string, string]): boolean =>
  name !== 'max' && searchParameterOf('Observation', name.split(/[:.]/)[0] ?? '') !== undefined

const lastnCriteria = (pairs: Pairs): Pairs => {
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

interface CodedObservation extends Resource {
  code?: { text?: string; coding?: readonly { system?: string; code?: string }[] }
}

/** Returns the names of an observation: its codes, or its text if there is no code. */
const observedNames = ({ code }: CodedObservation): readonly [string, ...string[]] => {
  const [first, ...others] = (code?.coding ?? [])
    .filter((coding) => coding.code !== undefined)
    .map((coding) => `${coding.system ?? ''}|${coding.code}`)
  return first === undefined ? [`"${code?.text ?? ''}`] : [first, ...others]
}

/**
 * Returns a function from a name to its group: names of the same observation belong to the same group, and groups with a
 * common name are the same group.
 */
const groupsOf = (together: readonly (readonly string[])[]): ((name: string) => string) => {
  const above = new Map<string, string>()
  const top = (name: string): string => {
    let at = name
    for (let next = above.get(at); next !== undefined; next = above.get(at)) at = next
    return at
  }
  for (const names of together)
    for (const name of names) {
      const [group, other] = [top(names[0] ?? name), top(name)]
      if (group !== other) above.set(other, group)
    }
  return top
}

/** Returns the newest `max` versions of each group, and further versions as old as the last of them, in the given order. */
const newestOfEach = (versions: readonly Version[], max: number): Version[] => {
  const read = versions.map(({ text, t }) => {
    const resource = JSON.parse(text) as CodedObservation
    return { names: observedNames(resource), order: orderPositionOf(resource, t).order }
  })
  const groupOf = groupsOf(read.map(({ names }) => names))
  const groups = new Map<string, { count: number; last: string }>()
  return versions.filter((_, i) => {
    const { names, order } = read[i] as (typeof read)[number]
    const group = groupOf(names[0])
    const { count, last } = groups.get(group) ?? { count: 0, last: '' }
    if (count >= max && order !== last) return false
    groups.set(group, { count: count + 1, last: order })
    return true
  })
}

const runLastn: Interaction = async (call, context) => {
  const pairs = givenPairs(definition, call)
  refuseRepeated(['max'], pairs)
  const max = maxOfGroup(pairs)
  const criteria = [...lastnCriteria(pairs), ['_sort', '-date'] as const]
  const { findMatching } = await import('../search/search.ts')
  const found = await findMatching('Observation', criteria, context, maxLastnObservations + 1)
  if (found.length > maxLastnObservations)
    throw failure(
      'too-costly',
      `More than ${maxLastnObservations} observations match. Add \`category\`, \`code\` or \`date\`.`,
    )
  const entries = newestOfEach(found, max).map((version) => searchEntry(version, 'match', context.base))
  const links = pageLinks({ ...call, query: pairs }, definition.code, context.base)
  return searchset(entries, context, { total: entries.length, links })
}

export const lastnOperation: Operation = {
  definition,
  methods: ['GET', 'POST'],
  action: 'search',
  run: runLastn,
}
