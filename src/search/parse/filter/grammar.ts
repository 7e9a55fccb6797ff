/** https://hl7.org/fhir/R4/search_filter.html#3.1.3.1 — the text of a `_filter` as a tree. */

/** What a filter asks for: tests, joined or negated. */
export type Filter = Joined | Test

export interface Joined {
  readonly kind: 'all' | 'any' | 'none'
  readonly parts: readonly Filter[]
}

/** `given eq "peter"` */
export interface Test {
  readonly kind: 'test'
  readonly path: readonly Step[]
  readonly operator: Operator
  readonly value: string
  readonly at: Place
}

/** Where path, operator and value begin, counted from 1. */
export interface Place {
  readonly path: number
  readonly operator: number
  readonly value: number
}

/** One name of a path, with what it is narrowed to: `subject:Patient`, `subject[name co "pet"]`; or `_has:Type:name:`. */
export interface Step {
  readonly name: string
  readonly at: number
  readonly type?: string
  readonly where?: Filter
  /** The name is that of a link which resources of this type have to the one that is asked about. */
  readonly from?: string
}

export const operators = [
  ...['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'lt', 'ge', 'le', 'ap', 'sa', 'eb', 'pr', 'po'],
  ...['ss', 'sb', 'in', 'ni', 're'],
] as const
export type Operator = (typeof operators)[number] & string

/** A filter that is not put together as the grammar wants, or that asks for what there is not. */
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

/** The text, how far it has been read, and within how many brackets. */
interface Reader {
  readonly text: string
  at: number
  depth: number
}

/** In a URL the gateway takes no longer ones; each bracket is a search within a search. */
const longest = 8000
const deepest = 50

const space = /\s*/y
const name = /[_A-Za-z][\w-]*/y
const resource = /:([A-Z][A-Za-z]+)/y
const has = /_has:([A-Z][A-Za-z]+):([_A-Za-z][\w-]*):/y
const word = /[a-z]+(?=[\s(]|$)/y
const quoted = /"(?:[^"\\]|\\.)*"/y
const token = /[^\s)\]]+/y

const take = (reader: Reader, pattern: RegExp): RegExpExecArray | undefined => {
  pattern.lastIndex = reader.at
  const match = pattern.exec(reader.text)
  if (!match) return undefined
  reader.at = pattern.lastIndex
  return match
}

const skip = (reader: Reader): void => void take(reader, space)

const sign = (reader: Reader, wanted: string): boolean => {
  if (reader.text[reader.at] !== wanted) return false
  reader.at++
  return true
}

const found = ({ text, at }: Reader): string => {
  const [rest = ''] = /^\S{0,20}/.exec(text.slice(at)) ?? []
  return rest === '' ? 'nothing' : `\`${rest}\``
}

const expected = (reader: Reader, what: string): Misread =>
  new Misread(reader.at + 1, `${what} is expected, not ${found(reader)}`)

const close = (reader: Reader, wanted: string): void => {
  skip(reader)
  if (!sign(reader, wanted)) throw expected(reader, `\`and\`, \`or\` or \`${wanted}\``)
}

/** Reads the word where it stands there by itself. */
const keyword = (reader: Reader, wanted: readonly string[]): string | undefined => {
  skip(reader)
  const before = reader.at
  const [text = ''] = take(reader, word) ?? []
  if (wanted.includes(text)) return text
  reader.at = before
  return undefined
}

const kinds: Readonly<Record<string, 'all' | 'any'>> = { and: 'all', or: 'any' }

/** From left to right, neither of `and` and `or` binding closer. */
const joined = (reader: Reader): Filter => {
  let left = one(reader)
  for (;;) {
    const kind = kinds[keyword(reader, ['and', 'or']) ?? '']
    if (!kind) return left
    const right = one(reader)
    left = { kind, parts: left.kind === kind ? [...left.parts, right] : [left, right] }
  }
}

const one = (reader: Reader): Filter => {
  skip(reader)
  if (sign(reader, '(')) return within(reader, ')')
  const before = reader.at
  if (keyword(reader, ['not'])) {
    skip(reader)
    if (sign(reader, '(')) return { kind: 'none', parts: [within(reader, ')')] }
    reader.at = before
  }
  return test(reader)
}

const within = (reader: Reader, end: string): Filter => {
  if (++reader.depth > deepest) throw new Misread(reader.at, `brackets nest deeper than ${deepest} levels`)
  const inner = joined(reader)
  close(reader, end)
  reader.depth--
  return inner
}

const test = (reader: Reader): Test => {
  const path = reader.at + 1
  const steps = pathFrom(reader)
  skip(reader)
  const operator = reader.at + 1
  const known = keyword(reader, operators)
  if (!known) throw expected(reader, `an operator (${operators.join(', ')})`)
  skip(reader)
  const value = reader.at + 1
  return {
    kind: 'test',
    path: steps,
    operator: known as Operator,
    value: valueFrom(reader),
    at: { path, operator, value },
  }
}

const pathFrom = (reader: Reader, left = deepest): readonly Step[] => {
  if (left === 0) throw new Misread(reader.at + 1, `a path leads over more than ${deepest} names`)
  const at = reader.at + 1
  const [, from, link] = take(reader, has) ?? []
  if (from && link) return [{ name: link, from, at }, ...pathFrom(reader, left - 1)]
  const [code] = take(reader, name) ?? []
  if (code === undefined) throw expected(reader, 'the name of a parameter')
  const [, type] = take(reader, resource) ?? []
  const where = sign(reader, '[') ? within(reader, ']') : undefined
  const step = { name: code, at, ...(type && { type }), ...(where && { where }) }
  if (sign(reader, '.')) return [step, ...pathFrom(reader, left - 1)]
  if (where) throw expected(reader, '`.` and the name of a parameter')
  return [step]
}

const valueFrom = (reader: Reader): string => {
  const before = reader.at
  if (reader.text[before] !== '"') {
    const [text] = take(reader, token) ?? []
    if (text === undefined) throw expected(reader, 'a value')
    return text
  }
  const [text] = take(reader, quoted) ?? []
  if (text === undefined) throw new Misread(before + 1, 'a text begins that does not end')
  try {
    return JSON.parse(text) as string
  } catch {
    throw new Misread(before + 1, `${text} is no text as JSON writes it`)
  }
}

/** Returns the tree of a filter's text. Throws what is wrong and where. */
export const parseFilter = (text: string): Filter => {
  if (text.length > longest) throw new Misread(longest + 1, `at most ${longest} characters are read`)
  const reader = { text, at: 0, depth: 0 }
  const filter = joined(reader)
  skip(reader)
  if (reader.at < text.length) throw expected(reader, '`and`, `or` or the end')
  return filter
}
