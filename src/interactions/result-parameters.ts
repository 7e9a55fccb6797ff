/** https://hl7.org/fhir/R4/http.html#parameters — parameters that say how an answer is given. */

import type { Subset } from '../fhir/json/subset.ts'
import { failure } from '../outcome/failure.ts'
import type { Call, Pairs } from '../request/call.ts'
import type { Version } from '../store/port.ts'

const resultParameters: ReadonlySet<string> = new Set(['_format', '_pretty', '_summary', '_elements'])

/** Returns whether a parameter says how the answer is given, or is one of the names. */
export const isKnown = (name: string, ...names: readonly string[]): boolean =>
  resultParameters.has(name) || names.includes(name)

/** Fails where the query has a parameter that nothing here knows; a caller who wants it lenient does without it. */
export const checkQuery = ({ query, prefer }: Call, ...known: readonly string[]): void => {
  const unknown = query.find(([name]) => !isKnown(name, ...known))
  if (!unknown || prefer.lenient) return
  const names = [...known, ...resultParameters].map((name) => `\`${name}\``).join(', ')
  throw failure(
    'unknown-parameter',
    `\`${unknown[0]}\` is not a parameter of this interaction. It has ${names}.`,
  )
}

/** A read is of what its address names, whatever else its query says, so that only who asks for it strict is told. */
export const checkReadQuery = (call: Call): void => {
  if (call.prefer.strict) checkQuery(call)
}

const last = (query: Pairs, name: string): string | undefined => query.findLast(([key]) => key === name)?.[1]

/** Returns what to serve of a version. */
export type Cut = (version: Pick<Version, 'type' | 'text'>) => string

const whole: Cut = ({ text }) => text

/** Only what is searched can be counted. */
const summaryOf = (query: Pairs, counts: boolean): 'true' | 'text' | 'data' | undefined => {
  const value = last(query, '_summary')
  if (value === undefined || value === 'false' || (counts && value === 'count')) return undefined
  if (value === 'true' || value === 'text' || value === 'data') return value
  const known = ['true', 'text', 'data', ...(counts ? ['count'] : []), 'false'].map((each) => `\`${each}\``)
  throw failure('invalid', `\`_summary\` takes ${known.join(', ')} here, not \`${value}\`.`)
}

interface Wanted {
  type: string | undefined
  element: string
}

/** A choice is named as its definition writes it, `deceased[x]`, without that, or as one of its forms. */
const wantedOf = (text: string): Wanted => {
  const [first = '', second] = text
    .trim()
    .replace(/\[x\]$/, '')
    .split('.')
  return second === undefined ? { type: undefined, element: first } : { type: first, element: second }
}

const elementsOf = (query: Pairs): Wanted[] =>
  query
    .filter(([name]) => name === '_elements')
    .flatMap(([, value]) => value.split(','))
    .filter((text) => text.trim() !== '')
    .map(wantedOf)

/** An element named without a type is one of the type that is asked for. */
const forType = (wanted: readonly Wanted[], type: string, asked: string): string[] =>
  wanted
    .filter((each) => each.type === type || (each.type === undefined && (asked === type || asked === '')))
    .map(({ element }) => element)

const checkElements = async (wanted: readonly Wanted[], { type, prefer }: Call): Promise<void> => {
  const { structureOf } = await import('../fhir/structure.ts')
  const unknown = wanted.find((each) => {
    const of = structureOf(each.type ?? type)
    return of && !of.members.has(each.element) && !of.elements.some(({ name }) => name === each.element)
  })
  if (unknown && !prefer.lenient)
    throw failure(
      'invalid',
      `\`${unknown.element}\` in \`_elements\` is not an element of \`${unknown.type ?? type}\`.`,
    )
}

/** Returns how the query wants resources cut: `_summary`, `_elements`, or whole. */
export const cutFor = async (call: Call, counts = false): Promise<Cut> => {
  const summary = summaryOf(call.query, counts)
  const wanted = elementsOf(call.query)
  if (summary === undefined && wanted.length === 0) return whole
  await checkElements(wanted, call)
  const { subsetOf } = await import('../fhir/json/subset.ts')
  return ({ text, type }) => {
    const elements = forType(wanted, type, call.type)
    const subset: Subset | undefined = summary ? { summary } : elements.length > 0 ? { elements } : undefined
    return subset ? subsetOf(text, type, subset) : text
  }
}
