/** `_text` and `_content`, https://hl7.org/fhir/R4/search.html#content */

import { wordsIn } from '../index/words.ts'
import type { Clause, WordsClause } from '../query.ts'
import { rowNamed } from '../rows.ts'
import { splitRaw, unescaped } from './escapes.ts'

type Scope = WordsClause['scope']

/** What a text asks for, or what is wrong with it and where. */
export type ReadText = { clause: Clause } | { wrong: string }

interface Token {
  kind: 'open' | 'close' | 'and' | 'or' | 'not' | 'words'
  text: string
  /** Where it begins, counted from 1. */
  at: number
}

const pattern = /\s*(?:([()])|"([^"]*)"|([^\s()"]+)|(\S))/y
const signs: Readonly<Record<string, Token['kind']>> = { '(': 'open', ')': 'close' }
const operators: Readonly<Record<string, Token['kind']>> = { and: 'and', or: 'or', not: 'not' }

const tokensOf = (text: string): readonly Token[] => {
  pattern.lastIndex = 0
  const found: Token[] = []
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const [whole, sign, quoted, bare, odd] = match
    const kind = (sign && signs[sign]) ?? (bare && rowNamed(operators, bare.toLowerCase())) ?? 'words'
    found.push({
      kind: kind || 'words',
      text: quoted ?? bare ?? sign ?? odd ?? '',
      at: match.index + whole.length - whole.trimStart().length + 1,
    })
  }
  return found
}

class Misplaced extends Error {}

const misplaced = (token: Token | undefined): Misplaced =>
  new Misplaced(token ? `\`${token.text}\` at ${token.at} is out of place` : 'it ends too early')

/** One reading of a text; each function takes its tokens off the front. */
interface Reading {
  readonly tokens: Token[]
  readonly scope: Scope
}

const is = ({ tokens }: Reading, kind: Token['kind']): boolean => tokens[0]?.kind === kind
const took = (reading: Reading, kind: Token['kind']): boolean =>
  is(reading, kind) && reading.tokens.shift() !== undefined

const joined = (kind: 'any' | 'all', clauses: readonly Clause[]): Clause =>
  clauses.length === 1 && clauses[0] ? clauses[0] : { kind, clauses }

const either = (reading: Reading): Clause => {
  const clauses = [both(reading)]
  while (took(reading, 'or')) clauses.push(both(reading))
  return joined('any', clauses)
}

/** Words beside each other must all be there, as if `and` stood between them. */
const both = (reading: Reading): Clause => {
  const clauses = [one(reading)]
  while (took(reading, 'and') || is(reading, 'words') || is(reading, 'open') || is(reading, 'not'))
    clauses.push(one(reading))
  return joined('all', clauses)
}

const one = (reading: Reading): Clause => {
  if (took(reading, 'not')) return { kind: 'none', clauses: [one(reading)] }
  const token = reading.tokens.shift()
  if (token?.kind === 'open') {
    const inner = either(reading)
    if (!took(reading, 'close')) throw misplaced(reading.tokens[0])
    return inner
  }
  const words = token?.kind === 'words' ? wordsIn(token.text) : []
  if (words.length === 0) throw misplaced(token)
  return { kind: 'words', scope: reading.scope, words }
}

/** What is longer was never typed. */
const mostTokens = 200

const readOne = (text: string, scope: Scope): Clause => {
  const reading = { tokens: [...tokensOf(unescaped(text))], scope }
  if (reading.tokens.length > mostTokens)
    throw new Misplaced(`it has more than ${mostTokens} words and signs`)
  const clause = either(reading)
  if (reading.tokens.length > 0) throw misplaced(reading.tokens[0])
  return clause
}

/** Returns the clause for words with `and`, `or`, `not`, parentheses and quotes; a comma is one more `or`. */
export const readText = (value: string, scope: Scope): ReadText => {
  try {
    return {
      clause: joined(
        'any',
        splitRaw(value, ',').map((text) => readOne(text, scope)),
      ),
    }
  } catch (thrown) {
    if (thrown instanceof Misplaced) return { wrong: thrown.message }
    throw thrown
  }
}
