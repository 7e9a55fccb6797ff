/** https://hl7.org/fhir/R4/search_filter.html#3.1.3.1 — the text of a `_filter` as a tree. */

/** A filter's tree: tests, joined or negated. */
export type Filter = JoinedFilters | FilterTest

export interface JoinedFilters {
  readonly kind: 'all' | 'any' | 'none'
  readonly parts: readonly Filter[]
}

/** `given eq "peter"` */
export interface FilterTest {
  readonly kind: 'test'
  readonly path: readonly PathStep[]
  readonly operator: FilterOperator
  readonly value: string
  readonly at: TestPositions
}

/** The positions at which path, operator and value begin, counted from 1. */
export interface TestPositions {
  readonly path: number
  readonly operator: number
  readonly value: number
}

/**
 * A step of a path, with its narrowing: `subject:Patient`, `subject[name co "pet"]`; or `_has:Type:name:`.
 */
export interface PathStep {
  readonly name: string
  readonly at: number
  readonly type?: string
  readonly where?: Filter
  /** The type whose resources refer by this name to the searched resource. */
  readonly from?: string
}

export const filterOperators = [
  ...['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'lt', 'ge', 'le', 'ap', 'sa', 'eb', 'pr', 'po'],
  ...['ss', 'sb', 'in', 'ni', 're'],
] as const
export type FilterOperator = (typeof filterOperators)[number] & string

/** Thrown for a filter that breaks the grammar, or names an unknown parameter. */
export class Misread extends Error {
  /** The character, counted from 1. */
  readonly at: number
  readonly kind: 'invalid' | 'unknown-parameter'

  constructor(at: number, message: string, kind: Misread['kind'] = 'invalid') {
    super(message)
    this.at = at
    this.kind = kind
  }
}

/** A filter's text, the position that is read next, and the number of open brackets. */
interface FilterText {
  readonly text: string
  at: number
  depth: number
}

/** In a URL the gateway takes no longer ones; each bracket is a search within a search. */
const longestFilter = 8000
const deepestFilter = 50

const spacePattern = /\s*/y
const namePattern = /[_A-Za-z][\w-]*/y
const typePattern = /:([A-Z][A-Za-z]+)/y
const hasPattern = /_has:([A-Z][A-Za-z]+):([_A-Za-z][\w-]*):/y
const wordPattern = /[a-z]+(?=[\s(]|$)/y
const quotedPattern = /"(?:[^"\\]|\\.)*"/y
const tokenPattern = /[^\s)\]]+/y

const takePattern = (reader: FilterText, pattern: RegExp): RegExpExecArray | undefined => {
  pattern.lastIndex = reader.at
  const match = pattern.exec(reader.text)
  if (!match) return undefined
  reader.at = pattern.lastIndex
  return match
}

const skip = (reader: FilterText): void => void takePattern(reader, spacePattern)

const sign = (reader: FilterText, wanted: string): boolean => {
  if (reader.text[reader.at] !== wanted) return false
  reader.at++
  return true
}

const nextCharacters = ({ text, at }: FilterText): string => {
  const [rest = ''] = /^\S{0,20}/.exec(text.slice(at)) ?? []
  return rest === '' ? 'nothing' : `\`${rest}\``
}

const expectedInstead = (reader: FilterText, what: string): Misread =>
  new Misread(reader.at + 1, `${what} is expected, not ${nextCharacters(reader)}`)

const readClosing = (reader: FilterText, wanted: string): void => {
  skip(reader)
  if (!sign(reader, wanted)) throw expectedInstead(reader, `\`and\`, \`or\` or \`${wanted}\``)
}

/** Reads a keyword that is followed by a space or a bracket. */
const keyword = (reader: FilterText, wanted: readonly string[]): string | undefined => {
  skip(reader)
  const before = reader.at
  const [text = ''] = takePattern(reader, wordPattern) ?? []
  if (wanted.includes(text)) return text
  reader.at = before
  return undefined
}

const kindOfKeyword: Readonly<Record<string, 'all' | 'any'>> = { and: 'all', or: 'any' }

/** From left to right, neither of `and` and `or` binding closer. */
const readJoined = (reader: FilterText): Filter => {
  let left = readFactor(reader)
  for (;;) {
    const kind = kindOfKeyword[keyword(reader, ['and', 'or']) ?? '']
    if (!kind) return left
    const right = readFactor(reader)
    left = { kind, parts: left.kind === kind ? [...left.parts, right] : [left, right] }
  }
}

const readFactor = (reader: FilterText): Filter => {
  skip(reader)
  if (sign(reader, '(')) return readBracket(reader, ')')
  const before = reader.at
  if (keyword(reader, ['not'])) {
    skip(reader)
    if (sign(reader, '(')) return { kind: 'none', parts: [readBracket(reader, ')')] }
    reader.at = before
  }
  return readTest(reader)
}

const readBracket = (reader: FilterText, end: string): Filter => {
  if (++reader.depth > deepestFilter)
    throw new Misread(reader.at, `brackets nest deeper than ${deepestFilter} levels`)
  const inner = readJoined(reader)
  readClosing(reader, end)
  reader.depth--
  return inner
}

const readTest = (reader: FilterText): FilterTest => {
  const path = reader.at + 1
  const steps = readPath(reader)
  skip(reader)
  const operator = reader.at + 1
  const known = keyword(reader, filterOperators)
  if (!known) throw expectedInstead(reader, `an operator (${filterOperators.join(', ')})`)
  skip(reader)
  const value = reader.at + 1
  return {
    kind: 'test',
    path: steps,
    operator: known as FilterOperator,
    value: readTestValue(reader),
    at: { path, operator, value },
  }
}

const readPath = (reader: FilterText, left = deepestFilter): readonly PathStep[] => {
  if (left === 0) throw new Misread(reader.at + 1, `a path leads over more than ${deepestFilter} names`)
  const at = reader.at + 1
  const [, from, link] = takePattern(reader, hasPattern) ?? []
  if (from && link) return [{ name: link, from, at }, ...readPath(reader, left - 1)]
  const [code] = takePattern(reader, namePattern) ?? []
  if (code === undefined) throw expectedInstead(reader, 'the name of a parameter')
  const [, type] = takePattern(reader, typePattern) ?? []
  const where = sign(reader, '[') ? readBracket(reader, ']') : undefined
  const step = { name: code, at, ...(type && { type }), ...(where && { where }) }
  if (sign(reader, '.')) return [step, ...readPath(reader, left - 1)]
  if (where) throw expectedInstead(reader, '`.` and the name of a parameter')
  return [step]
}

const readTestValue = (reader: FilterText): string => {
  const before = reader.at
  if (reader.text[before] !== '"') {
    const [text] = takePattern(reader, tokenPattern) ?? []
    if (text === undefined) throw expectedInstead(reader, 'a value')
    return text
  }
  const [text] = takePattern(reader, quotedPattern) ?? []
  if (text === undefined) throw new Misread(before + 1, 'a text begins that does not end')
  try {
    return JSON.parse(text) as string
  } catch {
    throw new Misread(before + 1, `${text} is no text as JSON writes it`)
  }
}

/** Returns the tree of a filter's text. Throws `Misread` with the position of the mistake. */
export const parseFilter = (text: string): Filter => {
  if (text.length > longestFilter)
    throw new Misread(longestFilter + 1, `at most ${longestFilter} characters are read`)
  const reader = { text, at: 0, depth: 0 }
  const filter = readJoined(reader)
  skip(reader)
  if (reader.at < text.length) throw expectedInstead(reader, '`and`, `or` or the end')
  return filter
}
