/** https://hl7.org/fhir/R4/search.html */

import type { Issue } from '../../outcome/failure.ts'
import { Failure, failure } from '../../outcome/failure.ts'
import type { Clause, Inclusion, Pair, Query, SearchableParameters, SortKey } from '../query.ts'
import { rowNamed } from '../rows.ts'
import { parseClause } from './clause.ts'
import { controls, defaultControl, givenOnce } from './control.ts'
import { isUsable, mostWays, type ParseContext, parameterIssue } from './parse-context.ts'

/** Options of a search's parsing: strict or lenient, and the service's base URL. */
export interface ParseOptions {
  lenient: boolean
  base: string
  /** The instant that `ap` measures from; absent: now. */
  now?: string
  own?: SearchableParameters | undefined
}

/** The query, and warnings about ignored parameters. */
export interface ParsedQuery {
  query: Query
  issues: Issue[]
}

/**
 * Returns the query that the pairs of a URL or a form ask for. Fails with every unknown parameter, modifier and bad
 * value at once; when lenient, these become warnings and the query does without them.
 */
export const parseQuery = (type: string, pairs: readonly Pair[], options: ParseOptions): ParsedQuery => {
  checkSize(type, pairs)
  const { base, now = new Date().toISOString(), own } = options
  const reading: ParseContext = { type, base, now, ways: { left: mostWays }, ...(own && { own }) }
  const isText = pairs.some(([name, value]) => name === '_summary' && value === 'text')
  const parts = pairs
    .map((pair) => readPair(reading, pair))
    .map((part, i) => refuseSecond(reading, pairs.slice(0, i), part))
    .map((part) => (isText ? refuseIncluding(reading, part) : part))
  const issues = parts.flatMap((part) => part.issues)
  const refused = options.lenient ? parts.filter(isFirm).flatMap((part) => part.issues) : issues
  if (refused.some((issue) => issue.severity === 'error')) throw new Failure(refused)
  const understood = parts.filter((part) => isUsable(part.issues))
  return { query: assemble(reading, understood), issues: issues.map(asWarning) }
}

/**
 * Issues that a lenient search keeps as errors: unknown modifiers, `_query`, and chains that lead nowhere.
 */
const isFirm = ({ pair: [name], issues, firm }: PairPart): boolean =>
  firm === true || name === '_query' || issues.some(({ kind }) => kind === 'unknown-modifier')

/** A form can hold a million of either, and each is read, sought and judged. */
const mostPairs = 1000
const mostValues = 10_000

const checkSize = (type: string, pairs: readonly Pair[]): void => {
  const values = pairs.reduce((sum, [, value]) => sum + value.split(',').length, 0)
  if (pairs.length <= mostPairs && values <= mostValues) return
  throw failure(
    'too-costly',
    `A search takes at most ${mostPairs} parameters with ${mostValues} values together; this one has ${pairs.length} with ${values}. Send it in parts.`,
    type,
  )
}

/** The clause or control of one pair, or its issues. */
interface PairPart {
  pair: Pair
  clause?: Clause
  control?: Partial<Query>
  issues: readonly Issue[]
  firm?: true
}

/** A chain of more links than this is not followed: each link is a search of its own. */
const longestParameterName = 1000

const tooLong = (reading: ParseContext, name: string): Issue =>
  parameterIssue(
    'invalid',
    reading,
    `${name.slice(0, 60)}…`,
    `The parameter's name has ${name.length} characters; at most ${longestParameterName} are read. Follow fewer links at once.`,
  )

const undecodableText =
  'This parameter holds U+FFFD, which stands for what could not be read. Encode it as UTF-8: `%C3%A9` is \u00e9.'

const readPair = (reading: ParseContext, pair: Pair): PairPart => {
  const [name, value] = pair
  if (`${name}${value}`.includes('\ufffd'))
    return { pair, issues: [parameterIssue('invalid', reading, name, undecodableText)] }
  if (name.length > longestParameterName) return { pair, issues: [tooLong(reading, name)] }
  const [code = '', modifier] = name.split(':')
  const control = rowNamed(controls, code)
  if (control && modifier !== undefined && !code.endsWith('include'))
    return {
      pair,
      issues: [parameterIssue('unknown-modifier', reading, name, `\`${code}\` takes no modifier.`)],
    }
  if (control) return { pair, ...control(reading, name, value) }
  return { pair, ...parseClause(reading, name, value) }
}

/**
 * Refuses a second value for a parameter that may be given once; a repetition of the same value is accepted.
 */
const refuseSecond = (reading: ParseContext, before: readonly Pair[], part: PairPart): PairPart => {
  const [name, value] = part.pair
  if (!givenOnce.has(name) || !before.some(([other, said]) => other === name && said !== value)) return part
  const what = `\`${name}\` stands more than once, with different values. Give it one.`
  return { pair: part.pair, issues: [parameterIssue('invalid', reading, name, what)] }
}

/** https://hl7.org/fhir/R4/search.html#summary */
const refuseIncluding = (reading: ParseContext, part: PairPart): PairPart => {
  const [name] = part.pair
  if (!/^_(rev)?include\b/.test(name)) return part
  const what = `\`${name}\` cannot be mixed with \`_summary=text\`. Leave one of them out.`
  return { pair: part.pair, issues: [parameterIssue('invalid', reading, name, what)] }
}

const assemble = (reading: ParseContext, parts: readonly PairPart[]): Query => {
  const control = parts.reduce((query, part) => merge(query, part.control ?? {}), defaultControl)
  return Object.freeze({
    type: reading.type,
    base: reading.base,
    ...(reading.own && { own: reading.own }),
    ...control,
    includes: distinctInclusions(control.includes),
    revincludes: distinctInclusions(control.revincludes),
    clauses: parts.map(({ clause }) => clause).filter((clause) => clause !== undefined),
    selfPairs: parts.map(({ pair }) => pair),
  })
}

const distinctInclusions = (inclusions: readonly Inclusion[]): readonly Inclusion[] => [
  ...new Map(inclusions.map((each) => [JSON.stringify(each), each])).values(),
]

/** Inclusions and keys add up, everything else replaces. */
const merge = (query: typeof defaultControl, change: Partial<Query>): typeof defaultControl => ({
  ...query,
  ...change,
  sort: [...query.sort, ...(change.sort ?? []).filter((key) => !isSortedBy(query, key))],
  includes: [...query.includes, ...(change.includes ?? [])],
  revincludes: [...query.revincludes, ...(change.revincludes ?? [])],
})

const isSortedBy = ({ sort }: Pick<Query, 'sort'>, { parameter }: SortKey): boolean =>
  sort.some((key) => key.parameter.code === parameter.code)

const asWarning = (issue: Issue): Issue => ({ ...issue, severity: 'warning' })
