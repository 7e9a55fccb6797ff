/** https://hl7.org/fhir/R4/search.html */

import type { Issue } from '../../outcome/failure.ts'
import { Failure, failure } from '../../outcome/failure.ts'
import type { Clause, Inclusion, OwnParameters, Pair, Query, SortKey } from '../query.ts'
import { rowNamed } from '../rows.ts'
import { parseClause } from './clause.ts'
import { controls, defaultControl, onlyOnce } from './control.ts'
import { complaint, isUsable, mostWays, type Reading } from './reading.ts'

/** How a search is read: strictly, or leaving out what is not understood; `base` is the service's own address. */
export interface ParseOptions {
  lenient: boolean
  base: string
  /** The instant against which `ap` measures; the present where absent. */
  now?: string
  own?: OwnParameters | undefined
}

/** What was understood, and warnings about what was not. */
export interface Parsed {
  query: Query
  issues: Issue[]
}

/**
 * Returns the query that the pairs of a URL or a form ask for. Fails with every unknown parameter, modifier and bad
 * value at once; when lenient, these become warnings and the query does without them.
 */
export const parseQuery = (type: string, pairs: readonly Pair[], options: ParseOptions): Parsed => {
  checkSize(type, pairs)
  const { base, now = new Date().toISOString(), own } = options
  const reading: Reading = { type, base, now, ways: { left: mostWays }, ...(own && { own }) }
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

/** What R4 lets no server ignore, a modifier it does not know and a query, and what no server could follow. */
const isFirm = ({ pair: [name], issues, firm }: Part): boolean =>
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

/** What one pair contributes: a clause, or a change to how results are given. */
interface Part {
  pair: Pair
  clause?: Clause
  control?: Partial<Query>
  issues: readonly Issue[]
  firm?: true
}

/** A chain of more links than this is not followed: each link is a search of its own. */
const longestName = 1000

const tooLong = (reading: Reading, name: string): Issue =>
  complaint(
    'invalid',
    reading,
    `${name.slice(0, 60)}…`,
    `The parameter's name has ${name.length} characters; at most ${longestName} are read. Follow fewer links at once.`,
  )

const notUtf8 =
  'This parameter holds U+FFFD, which stands for what could not be read. Encode it as UTF-8: `%C3%A9` is \u00e9.'

const readPair = (reading: Reading, pair: Pair): Part => {
  const [name, value] = pair
  if (`${name}${value}`.includes('\ufffd'))
    return { pair, issues: [complaint('invalid', reading, name, notUtf8)] }
  if (name.length > longestName) return { pair, issues: [tooLong(reading, name)] }
  const [code = '', modifier] = name.split(':')
  const control = rowNamed(controls, code)
  if (control && modifier !== undefined && !code.endsWith('include'))
    return { pair, issues: [complaint('unknown-modifier', reading, name, `\`${code}\` takes no modifier.`)] }
  if (control) return { pair, ...control(reading, name, value) }
  return { pair, ...parseClause(reading, name, value) }
}

/** What can only be said once is refused where it is said again, and otherwise. */
const refuseSecond = (reading: Reading, before: readonly Pair[], part: Part): Part => {
  const [name, value] = part.pair
  if (!onlyOnce.has(name) || !before.some(([other, said]) => other === name && said !== value)) return part
  const what = `\`${name}\` stands more than once, with different values. Give it one.`
  return { pair: part.pair, issues: [complaint('invalid', reading, name, what)] }
}

/** https://hl7.org/fhir/R4/search.html#summary */
const refuseIncluding = (reading: Reading, part: Part): Part => {
  const [name] = part.pair
  if (!/^_(rev)?include\b/.test(name)) return part
  const what = `\`${name}\` cannot be mixed with \`_summary=text\`. Leave one of them out.`
  return { pair: part.pair, issues: [complaint('invalid', reading, name, what)] }
}

const assemble = (reading: Reading, parts: readonly Part[]): Query => {
  const control = parts.reduce((query, part) => merge(query, part.control ?? {}), defaultControl)
  return Object.freeze({
    type: reading.type,
    base: reading.base,
    ...(reading.own && { own: reading.own }),
    ...control,
    includes: distinct(control.includes),
    revincludes: distinct(control.revincludes),
    clauses: parts.map(({ clause }) => clause).filter((clause) => clause !== undefined),
    selfPairs: parts.map(({ pair }) => pair),
  })
}

const distinct = (inclusions: readonly Inclusion[]): readonly Inclusion[] => [
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
