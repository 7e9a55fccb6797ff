/** Parameters about the form of an answer: https://hl7.org/fhir/R4/http.html#parameters */

import type { Subset } from '../fhir/json/subset.ts'
import { failure } from '../outcome/failure.ts'
import type { Call, Pairs } from '../request/call.ts'
import { lastValue, resultParameters } from '../request/query-text.ts'
import type { Version } from '../store/port.ts'

/** Returns whether a parameter is a result parameter or among the names. */
export const isKnown = (name: string, ...names: readonly string[]): boolean =>
  resultParameters.has(name) || names.includes(name)

/**
 * Fails with `unknown-parameter` for a query parameter outside of the known names, unless the client prefers lenient
 * handling.
 */
export const checkQuery = ({ query, prefer }: Call, ...known: readonly string[]): void => {
  const unknown = query.find(([name]) => !isKnown(name, ...known))
  if (!unknown || prefer.lenient) return
  const names = [...known, ...resultParameters].map((name) => `\`${name}\``).join(', ')
  throw failure(
    'unknown-parameter',
    `\`${unknown[0]}\` is not a parameter of this interaction. It has ${names}.`,
  )
}

/**
 * Checks the query of a read for a client that prefers strict handling; for everybody else the address alone names the
 * resource.
 */
export const checkReadQuery = (call: Call): void => {
  if (call.prefer.strict) checkQuery(call)
}

/** Returns the text of a version that is to be served. */
export type Cut = (version: Pick<Version, 'type' | 'text'>) => string

const whole: Cut = ({ text }) => text

/** Returns the kind of summary; `count` is permitted for a search only. Fails with `invalid` for an unknown kind. */
const summaryParameter = (query: Pairs, counts: boolean): 'true' | 'text' | 'data' | undefined => {
  const value = lastValue(query, '_summary')
  if (value === undefined || value === 'false' || (counts && value === 'count')) return undefined
  if (value === 'true' || value === 'text' || value === 'data') return value
  const known = ['true', 'text', 'data', ...(counts ? ['count'] : []), 'false'].map((each) => `\`${each}\``)
  throw failure('invalid', `\`_summary\` takes ${known.join(', ')} here, not \`${value}\`.`)
}

interface WantedElement {
  type: string | undefined
  element: string
}

/** Returns a wanted element. A choice is named as in its definition (`deceased[x]`), without `[x]`, or as a typed form. */
const wantedElement = (text: string): WantedElement => {
  const [first = '', second] = text
    .trim()
    .replace(/\[x\]$/, '')
    .split('.')
  return second === undefined ? { type: undefined, element: first } : { type: first, element: second }
}

const wantedElements = (query: Pairs): WantedElement[] =>
  query
    .filter(([name]) => name === '_elements')
    .flatMap(([, value]) => value.split(','))
    .filter((text) => text.trim() !== '')
    .map(wantedElement)

/** Returns the wanted elements of a type. An element named without a type belongs to the type of the request. */
const forType = (wanted: readonly WantedElement[], type: string, asked: string): string[] =>
  wanted
    .filter((each) => each.type === type || (each.type === undefined && (asked === type || asked === '')))
    .map(({ element }) => element)

const checkElements = async (wanted: readonly WantedElement[], { type, prefer }: Call): Promise<void> => {
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

/** Returns the cut that the query asks for: by `_summary`, by `_elements`, or none at all. */
export const cutFor = async (call: Call, counts = false): Promise<Cut> => {
  const summary = summaryParameter(call.query, counts)
  const wanted = wantedElements(call.query)
  if (summary === undefined && wanted.length === 0) return whole
  await checkElements(wanted, call)
  const { subsetOf } = await import('../fhir/json/subset.ts')
  return ({ text, type }) => {
    const elements = forType(wanted, type, call.type)
    const subset: Subset | undefined = summary ? { summary } : elements.length > 0 ? { elements } : undefined
    return subset ? subsetOf(text, type, subset) : text
  }
}
