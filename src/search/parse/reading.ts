import type { SearchParameter } from '../../fhir/definitions.ts'
import { searchParameters } from '../../fhir/parameters.ts'
import { error, type Issue, type KindName } from '../../outcome/failure.ts'
import { findsFirstEntry } from '../index/first-entry.ts'
import type { Clause, OwnParameters } from '../query.ts'

/** What the parts of a search are read against. */
export interface Reading {
  readonly type: string
  readonly base: string
  readonly now: string
  readonly own?: OwnParameters
  /** How many more types may be tried where a chain does not name the one that a link leads to. */
  readonly ways: { left: number }
}

/** Each type that has what follows is a search of its own, and a second such link multiplies them. */
export const mostWays = 1000

/** Counts the types that a link may lead to; returns whether so many may still be tried. */
export const tryWays = ({ ways }: Reading, types: readonly string[]): boolean => {
  ways.left -= types.length
  return ways.left >= 0
}

/** Returns whether nothing is wrong with a part. */
export const isUsable = (issues: readonly Issue[]): boolean =>
  issues.every((issue) => issue.severity !== 'error')

/** Returns an error about one search parameter, with the expression that names it. */
export const complaint = (kind: KindName, { type }: Reading, name: string, diagnostics: string): Issue =>
  error(kind, diagnostics, `${type}?${name}`)

/** What to do about a chain that leads to too many types. */
export const nameTypes =
  'it leads over more types than are tried; name the type of each link, as in `subject:Patient.name`'

/** Returns the error for a search parameter that the type does not have, with the names it has. */
export const unknownParameter = (reading: Reading, name: string, code: string): Issue => {
  const pending = reading.own?.pending(reading.type, code)
  if (pending !== undefined) return complaint('unknown-parameter', reading, name, pending)
  const near = suggestions(code, [
    ...searchParameters(reading.type).keys(),
    ...(reading.own?.of(reading.type).keys() ?? []),
  ])
  const list = near.map((known) => `\`${known}\``).join(', ')
  return complaint(
    'unknown-parameter',
    reading,
    name,
    `\`${code}\` is no search parameter of ${reading.type}. Known names: ${list}.`,
  )
}

/** Returns whether a parameter leads from one resource to another that is stored by itself. */
export const isFollowed = (parameter: Pick<SearchParameter, 'type' | 'elements'>): boolean =>
  parameter.type === 'reference' && !findsFirstEntry(parameter)

/** Returns the error for a parameter that leads to no other resource, with the names of those that do. */
export const noLink = (
  reading: Reading,
  name: string,
  code: string,
  parameter: SearchParameter | undefined,
): Issue => {
  const { type, own } = reading
  const pending = own?.pending(type, code)
  if (pending !== undefined) return complaint('unknown-parameter', reading, name, pending)
  const all = [...searchParameters(type).values(), ...(own?.of(type).values() ?? [])]
  const near = suggestions(
    code,
    all.filter(isFollowed).map((each) => each.code),
  )
  const known =
    near.length > 0 ? `Known names: ${near.map((each) => `\`${each}\``).join(', ')}.` : `${type} has none.`
  return complaint('unknown-parameter', reading, name, `${reasonAgainst(type, code, parameter)} ${known}`)
}

const reasonAgainst = (type: string, code: string, parameter: SearchParameter | undefined): string => {
  if (!parameter) return `\`${code}\` is no search parameter of ${type}.`
  if (findsFirstEntry(parameter))
    return `\`${code}\` of ${type} leads to a part of it, which is no resource of its own.`
  return `\`${code}\` of ${type}, a parameter of type ${parameter.type}, is no reference that can be followed.`
}

/** Returns the names that are near to a wrong one, or all of them where none is. */
export const suggestions = (wrong: string, names: readonly string[]): readonly string[] => {
  const near = names.filter(
    (name) => distance(wrong.toLowerCase(), name.toLowerCase()) <= 2 || name.includes(wrong),
  )
  return (near.length > 0 ? near : names).toSorted()
}

/** How many letters must change to make one word of the other. */
const distance = (a: string, b: string): number => {
  if (Math.abs(a.length - b.length) > 2) return 3
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1])
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    previous = row
  }
  return previous[b.length] ?? 0
}

/** A clause, or what is wrong with it. */
export interface ClausePart {
  clause?: Clause
  issues: readonly Issue[]
  /** It is refused even where what is not understood is left out. */
  firm?: true
}

export type ParseClause = (reading: Reading, name: string, value: string) => ClausePart
