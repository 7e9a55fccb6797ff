import type { SearchParameter } from '../../fhir/definitions.ts'
import { searchParameters } from '../../fhir/parameters.ts'
import { isResourceType } from '../../fhir/types.ts'
import { error, type Issue, type KindName } from '../../outcome/failure.ts'
import { findsFirstEntry } from '../index/first-entry.ts'
import type { Clause, SearchableParameters } from '../query.ts'

/** The type, base, instant and custom parameters that a search's parts are parsed with. */
export interface ParseContext {
  readonly type: string
  readonly base: string
  readonly now: string
  readonly own?: SearchableParameters
  /** The number of types that may still be tried for links without a type. */
  readonly ways: { left: number }
}

/**
 * The most types to try: each type is a search of its own, and a second link without a type multiplies them.
 */
export const mostWays = 1000

/** Counts the types that a link may lead to; returns whether so many may still be tried. */
export const countWays = ({ ways }: ParseContext, types: readonly string[]): boolean => {
  ways.left -= types.length
  return ways.left >= 0
}

/** Returns whether nothing is wrong with a part. */
export const isUsable = (issues: readonly Issue[]): boolean =>
  issues.every((issue) => issue.severity !== 'error')

/** Returns an error about a search parameter, with the expression that names the parameter. */
export const parameterIssue = (
  kind: KindName,
  { type }: ParseContext,
  name: string,
  diagnostics: string,
): Issue => error(kind, diagnostics, `${type}?${name}`)

/** The remedy for a chain that leads to too many types. */
export const nameTypes =
  'it leads over more types than are tried; name the type of each link, as in `subject:Patient.name`'

/** Returns the error for a search parameter that the type does not have, with similar names. */
export const unknownParameter = (reading: ParseContext, name: string, code: string): Issue => {
  const pending = reading.own?.pending(reading.type, code)
  if (pending !== undefined) return parameterIssue('unknown-parameter', reading, name, pending)
  const near = suggestions(code, [
    ...searchParameters(reading.type).keys(),
    ...(reading.own?.of(reading.type).keys() ?? []),
  ])
  const list = near.map((known) => `\`${known}\``).join(', ')
  return parameterIssue(
    'unknown-parameter',
    reading,
    name,
    `\`${code}\` is no search parameter of ${reading.type}. Known names: ${list}.`,
  )
}

/** Returns whether a parameter refers to a resource that is stored by itself. */
export const isFollowed = (parameter: Pick<SearchParameter, 'type' | 'elements'>): boolean =>
  parameter.type === 'reference' && !findsFirstEntry(parameter)

/**
 * Returns the error for a parameter that refers to no stored resource, with the names of parameters that do.
 */
export const noLink = (
  reading: ParseContext,
  name: string,
  code: string,
  parameter: SearchParameter | undefined,
): Issue => {
  const { type, own } = reading
  const pending = own?.pending(type, code)
  if (pending !== undefined) return parameterIssue('unknown-parameter', reading, name, pending)
  const all = [...searchParameters(type).values(), ...(own?.of(type).values() ?? [])]
  const near = suggestions(
    code,
    all.filter(isFollowed).map((each) => each.code),
  )
  const known =
    near.length > 0 ? `Known names: ${near.map((each) => `\`${each}\``).join(', ')}.` : `${type} has none.`
  return parameterIssue(
    'unknown-parameter',
    reading,
    name,
    `${reasonAgainst(type, code, parameter)} ${known}`,
  )
}

const reasonAgainst = (type: string, code: string, parameter: SearchParameter | undefined): string => {
  if (!parameter) return `\`${code}\` is no search parameter of ${type}.`
  if (findsFirstEntry(parameter))
    return `\`${code}\` of ${type} leads to a part of it, which is no resource of its own.`
  return `\`${code}\` of ${type}, a parameter of type ${parameter.type}, is no reference that can be followed.`
}

/** Returns the names that resemble a wrong name, or all names. */
export const suggestions = (wrong: string, names: readonly string[]): readonly string[] => {
  const near = names.filter(
    (name) => letterDistance(wrong.toLowerCase(), name.toLowerCase()) <= 2 || name.includes(wrong),
  )
  return (near.length > 0 ? near : names).toSorted()
}

/** Returns the number of letters that turn one word into another; 3 for more than 2. */
const letterDistance = (a: string, b: string): number => {
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

/** A clause, or its issues. */
export interface ClausePart {
  clause?: Clause
  issues: readonly Issue[]
  /** Set if a lenient search refuses this part too. */
  firm?: true
}

export type ParseClause = (reading: ParseContext, name: string, value: string) => ClausePart

/** Returns a part without a clause, for an issue. */
export const withIssue = (issue: Issue): ClausePart => ({ issues: [issue] })

/** Returns a part whose issue a lenient search refuses too. */
export const withFirmIssue = (issue: Issue): ClausePart => ({ issues: [issue], firm: true })

/** Returns a part without issues. */
export const withClause = (clause: Clause): ClausePart => ({ clause, issues: [] })

/** Returns whether a modifier names a type that a reference parameter may refer to. */
export const isTarget = ({ targets }: SearchParameter, modifier: string): boolean =>
  isResourceType(modifier) && (targets === undefined || targets.includes(modifier))
