/** Searches of every type by every parameter, modifier and prefix, most of which find something. */

import type { TypeParameter } from '../../../src/fhir/generate/parameters.ts'
import { type Dice, dice } from '../../../src/local/demo/dice.ts'
import type { Known } from '../../search/hospital.ts'
import { homeOf, seenFrom } from '../inside.ts'
import { codings, displays, type Json, type Kind, linkOf, list, type Part, texts } from '../matching.ts'
import { knownParameters, model, wholeParameters } from './knowledge.ts'

/** One search: its type, clauses, sort keys and page size. */
export interface Asked {
  type: string
  clauses: [name: string, value: string][]
  sort: string
  count: number
  /** What is inside others is sought: by itself or beside what is not, and told itself or by its container. */
  inside?: { contained: 'true' | 'both'; containedType: 'contained' | 'container' }
}

const prefixes = ['', '', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap']

const tokenText = (d: Dice, value: unknown): string | undefined => {
  const found = codings(value)
  if (found.length === 0) return undefined
  const { system, code } = d.pick(found)
  if (typeof value !== 'object') return String(code)
  return d.pick([
    String(code),
    String(code),
    `${system ?? ''}|${code}`,
    ...(system ? [`${system}|`] : [`|${code}`]),
  ])
}

const typeText = (d: Dice, value: unknown): string | undefined => {
  const { type, value: own } = value as { type?: Json; value?: string }
  const kinds = type ? codings(type).filter(({ system }) => system) : []
  if (kinds.length === 0) return undefined
  const { system, code } = d.pick(kinds)
  return `${system}|${code}|${own}`
}

/** A date that stands in the value, of its own precision or of a lower one. */
const dateText = (d: Dice, value: unknown): string | undefined => {
  const found = typeof value === 'string' ? [value] : Object.values(value as Json).flat()
  const dates = found.filter((each) => typeof each === 'string' && /^\d{4}/.test(each)) as string[]
  if (dates.length === 0) return undefined
  const date = d.pick(dates)
  return d.pick(prefixes) + d.pick([date, date, date.slice(0, 10), date.slice(0, 7), date.slice(0, 4)])
}

const amountText = (d: Dice, kind: Kind, value: unknown): string | undefined => {
  const {
    value: own,
    low,
    high,
    currency,
  } = (typeof value === 'object' ? value : { value }) as Record<string, never>
  const inner = (low ?? high) as Json | undefined
  const amount = own ?? inner?.value
  if (amount === undefined) return undefined
  const near = d.pick([amount, amount, Number(amount) + 1, Number(amount).toFixed(1)])
  const { system, code } = (inner ?? value) as Json
  if (kind === 'number') return d.pick(prefixes) + near
  const unit = currency
    ? ['', `|urn:iso:std:iso:4217|${currency}`, `||${currency}`]
    : ['', ...(code ? [`|${system}|${code}`, `||${code}`, `|${system}|`] : [])]
  return d.pick(prefixes) + near + d.pick(unit)
}

const stringText = (d: Dice, value: unknown, modifier: string): string | undefined => {
  const found = texts(value)
  if (found.length === 0) return undefined
  const text = d.pick(found)
  if (modifier === 'exact') return d.pick([text, text.toLowerCase()])
  const part = modifier === 'contains' ? text.slice(d.whole(0, 2)) : text.slice(0, d.whole(1, 4))
  return d.pick([part, part.toUpperCase()])
}

const linkText = (d: Dice, value: unknown, modifier: string): string | undefined => {
  const text = typeof value === 'string' ? value : (value as { reference?: string }).reference
  if (modifier === 'identifier') {
    const { identifier } = value as Json
    return identifier ? tokenText(d, identifier) : undefined
  }
  if (text === undefined || text.includes('#')) return undefined
  const [type = '', id = ''] = text.split('/').slice(-2)
  const isLink = model.resourceTypes.includes(type)
  if (modifier) return type === modifier && !text.startsWith('http') ? id : undefined
  if (!isLink) return d.pick([text, text.split('|')[0] ?? text])
  return d.pick([text, text, ...(text.startsWith('http') ? [] : [id])])
}

const uriText = (d: Dice, value: unknown, modifier: string): string => {
  const text = String(value)
  if (modifier === 'below') return d.pick([text, text.split('/').slice(0, -1).join('/') || text])
  return modifier === 'above' ? d.pick([text, `${text}/x`]) : text
}

const compositeText = (d: Dice, parts: readonly Part[]): string | undefined => {
  const found = parts.map(({ kind, values }) =>
    values.length ? textFor(d, kind, '', d.pick(values)) : undefined,
  )
  return found.every((text) => text !== undefined) ? found.join('$') : undefined
}

/** Returns a text to search by that has to do with the value; undefined where there is none with that modifier. */
export const textFor = (d: Dice, kind: Kind, modifier: string, value: unknown): string | undefined => {
  switch (kind) {
    case 'token':
      if (modifier === 'text') return list(displays(value)[0]?.slice(0, 3))[0] as string | undefined
      return modifier === 'of-type' ? typeText(d, value) : tokenText(d, value)
    case 'date':
      return dateText(d, value)
    case 'number':
    case 'quantity':
      return amountText(d, kind, value)
    case 'string':
      return stringText(d, value, modifier)
    case 'reference':
      return linkText(d, value, modifier)
    case 'uri':
      return uriText(d, value, modifier)
    default:
      return compositeText(d, value as Part[])
  }
}

const modifiersOf = ({ type, targets = [], routes }: TypeParameter): readonly string[] => {
  if (type === 'token')
    return [
      '',
      '',
      '',
      'not',
      'text',
      ...(routes.some((route) => route.type === 'Identifier') ? ['of-type'] : []),
    ]
  if (type === 'reference') {
    const named = routes.every((route) => route.type === 'Reference') ? targets : []
    return ['', '', ...(named.length > 0 ? ['identifier', 'Patient', named[0] ?? ''] : [])].filter(
      (modifier) => !/^[A-Z]/.test(modifier) || named.includes(modifier),
    )
  }
  if (type === 'string') return ['', '', 'exact', 'contains']
  return type === 'uri' ? ['', 'below', 'above'] : ['']
}

const valuesIn = (resource: Known, { code }: TypeParameter): readonly unknown[] =>
  (wholeParameters[resource.resourceType]?.[code]?.values(resource as unknown as Json) ?? []).map((value) =>
    seenFrom(resource, value),
  )

const withoutSystem = ['ContactPoint', 'boolean', 'uri']

/** What has no system takes no `|`; a bare id is ambiguous where it fits resources of several types. */
const asked = (
  { type, elements, targets }: TypeParameter,
  modifier: string,
  text: string | undefined,
): string | undefined => {
  if (type === 'token' && elements?.every((each) => withoutSystem.includes(each)))
    return text?.split('|').at(-1)
  if (type === 'reference' && modifier === '' && targets?.length !== 1 && text && !/[/:|]/.test(text))
    return undefined
  return text
}

/** A clause about a value that a resource has, or about whether it has one. */
const clauseAbout = (d: Dice, witness: Known): [string, string] | undefined => {
  const parameters = knownParameters.get(witness.resourceType) ?? []
  const parameter = d.pick(parameters)
  const values = valuesIn(witness, parameter)
  const { code, type } = parameter
  if (type !== 'composite' && d.chance(0.08)) return [`${code}:missing`, d.pick(['true', 'false'])]
  if (values.length === 0) return undefined
  const modifier = d.pick(modifiersOf(parameter))
  const name = modifier ? `${code}:${modifier}` : code
  const found = Array.from({ length: d.pick([1, 1, 2]) }, () =>
    asked(parameter, modifier, textFor(d, type as Kind, modifier, d.pick(values))),
  ).filter((text) => text !== undefined && text !== '')
  return found.length > 0 ? [name, [...new Set(found)].join(',')] : undefined
}

type Present = ReadonlyMap<string, Known>

const chainFrom = (d: Dice, witness: Known, present: Present): [string, string] | undefined => {
  const links = (knownParameters.get(witness.resourceType) ?? []).filter(({ type }) => type === 'reference')
  if (links.length === 0) return undefined
  const parameter = d.pick(links)
  const keys = valuesIn(witness, parameter).map((value) => linkOf(value, ''))
  const target = keys.map((key) => present.get(key ?? '')).find((found) => found !== undefined)
  const { targets } = parameter
  if (!target || (targets && !targets.includes(target.resourceType))) return undefined
  const rest = clauseAbout(d, target)
  const type = targets?.length === 1 && d.chance(0.5) ? '' : `:${target.resourceType}`
  return rest && [`${parameter.code}${type}.${rest[0]}`, rest[1]]
}

const hasFrom = (d: Dice, present: Present): { type: string; clause: [string, string] } | undefined => {
  const other = d.pick([...present.values()].filter((each) => !homeOf(each)))
  const links = (knownParameters.get(other.resourceType) ?? []).filter(({ type }) => type === 'reference')
  if (links.length === 0) return undefined
  const parameter = d.pick(links)
  const key = valuesIn(other, parameter)
    .map((value) => linkOf(value, ''))
    .find((found) => found !== undefined && present.has(found))
  const rest = clauseAbout(d, other)
  if (!key || !rest) return undefined
  const type = present.get(key)?.resourceType ?? ''
  return { type, clause: [`_has:${other.resourceType}:${parameter.code}:${rest[0]}`, rest[1]] }
}

const isSortable = ({ type, routes }: TypeParameter): boolean =>
  type !== 'composite' && (type !== 'quantity' || routes.every((route) => route.type === 'Quantity'))

const sortOf = (d: Dice, type: string): string => {
  if (!d.chance(0.25)) return ''
  const keys = (knownParameters.get(type) ?? []).filter(isSortable)
  return Array.from({ length: d.whole(1, 2) }, () => d.pick(['', '-']) + d.pick(keys).code).join(',')
}

const frequent = ['Observation', 'Patient', 'Encounter', 'Condition', 'MedicationRequest']

/** Returns the nth search. */
export const askedAt = (seed: number, n: number, present: Present): Asked => {
  const d = dice(seed, n, 77)
  const type = d.pick(d.chance(0.25) ? frequent : model.resourceTypes)
  const has = d.chance(0.05) ? hasFrom(d, present) : undefined
  const own = has?.type ?? type
  const inside = d.chance(0.3) && {
    contained: d.pick(['true', 'both'] as const),
    containedType: d.pick(['contained', 'container'] as const),
  }
  const ofType = [...present.values()].filter(({ resourceType }) => resourceType === own)
  const inner = ofType.filter((each) => homeOf(each))
  const witnesses = inside && inner.length > 0 ? inner : ofType
  const clauses: [string, string][] = has ? [has.clause] : []
  const wanted = d.pick([0, 1, 1, 1, 2, 2, 3])
  for (let tries = 0; clauses.length < wanted && tries < 30 && witnesses.length > 0; tries++) {
    const witness = witnesses[n % witnesses.length] as Known
    const clause = d.chance(0.06) ? chainFrom(d, witness, present) : clauseAbout(d, witness)
    if (clause) clauses.push(clause)
  }
  const count = d.pick([2, 7, 20, 50, 1000])
  return { type: own, clauses, sort: sortOf(d, own), count, ...(inside && { inside }) }
}
