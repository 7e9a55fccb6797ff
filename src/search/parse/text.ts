/** `_text` and `_content`, https://hl7.org/fhir/R4/search.html#content */

import { wordsIn } from '../index/words.ts'
import type { Clause, WordsClause } from '../query.ts'
import { rowNamed } from '../rows.ts'
import { splitRaw, withoutEscapes } from './escapes.ts'

type TextScope = WordsClause['scope']

/** A text search's clause, or the mistake and its position. */
export type ReadText = { clause: Clause } | { wrong: string }

interface TextToken {
  kind: 'open' | 'close' | 'and' | 'or' | 'not' | 'words'
  text: string
  /** The position of its first character, counted from 1. */
  at: number
}

const textTokenPattern = /\s*(?:([()])|"([^"]*)"|([^\s()"]+)|(\S))/y
const signs: Readonly<Record<string, TextToken['kind']>> = { '(': 'open', ')': 'close' }
const operatorWords: Readonly<Record<string, TextToken['kind']>> = { and: 'and', or: 'or', not: 'not' }

const textTokensOf = (text: string): readonly TextToken[] => {
  textTokenPattern.lastIndex = 0
  const found: TextToken[] = []
  for (let match = textTokenPattern.exec(text); match; match = textTokenPattern.exec(text)) {
    const [whole, sign, quoted, bare, odd] = match
    const kind = (sign && signs[sign]) ?? (bare && rowNamed(operatorWords, bare.toLowerCase())) ?? 'words'
    found.push({
      kind: kind || 'words',
      text: quoted ?? bare ?? sign ?? odd ?? '',
      at: match.index + whole.length - whole.trimStart().length + 1,
    })
  }
  return found
}

class Misplaced extends Error {}

const misplaced = (token: TextToken | undefined): Misplaced =>
  new Misplaced(token ? `\`${token.text}\` at ${token.at} is out of place` : 'it ends too early')

/** The tokens of a text that are not read yet; every function takes tokens from the front. */
interface TextReading {
  readonly tokens: TextToken[]
  readonly scope: TextScope
}

const isNext = ({ tokens }: TextReading, kind: TextToken['kind']): boolean => tokens[0]?.kind === kind
const takeNext = (reading: TextReading, kind: TextToken['kind']): boolean =>
  isNext(reading, kind) && reading.tokens.shift() !== undefined

const joinedClauses = (kind: 'any' | 'all', clauses: readonly Clause[]): Clause =>
  clauses.length === 1 && clauses[0] ? clauses[0] : { kind, clauses }

const readDisjunction = (reading: TextReading): Clause => {
  const clauses = [readConjunction(reading)]
  while (takeNext(reading, 'or')) clauses.push(readConjunction(reading))
  return joinedClauses('any', clauses)
}

/** Adjacent words are joined by `and`. */
const readConjunction = (reading: TextReading): Clause => {
  const clauses = [readTerm(reading)]
  while (
    takeNext(reading, 'and') ||
    isNext(reading, 'words') ||
    isNext(reading, 'open') ||
    isNext(reading, 'not')
  )
    clauses.push(readTerm(reading))
  return joinedClauses('all', clauses)
}

const readTerm = (reading: TextReading): Clause => {
  if (takeNext(reading, 'not')) return { kind: 'none', clauses: [readTerm(reading)] }
  const token = reading.tokens.shift()
  if (token?.kind === 'open') {
    const inner = readDisjunction(reading)
    if (!takeNext(reading, 'close')) throw misplaced(reading.tokens[0])
    return inner
  }
  const words = token?.kind === 'words' ? wordsIn(token.text) : []
  if (words.length === 0) throw misplaced(token)
  return { kind: 'words', scope: reading.scope, words }
}

/** The most words and signs of a text; nobody types more. */
const mostTokens = 200

const readAlternative = (text: string, scope: TextScope): Clause => {
  const reading = { tokens: [...textTokensOf(withoutEscapes(text))], scope }
  if (reading.tokens.length > mostTokens)
    throw new Misplaced(`it has more than ${mostTokens} words and signs`)
  const clause = readDisjunction(reading)
  if (reading.tokens.length > 0) throw misplaced(reading.tokens[0])
  return clause
}

/** Returns the clause for words with `and`, `or`, `not`, parentheses and quotes; a comma is an `or`. */
export const readText = (value: string, scope: TextScope): ReadText => {
  try {
    return {
      clause: joinedClauses(
        'any',
        splitRaw(value, ',').map((text) => readAlternative(text, scope)),
      ),
    }
  } catch (thrown) {
    if (thrown instanceof Misplaced) return { wrong: thrown.message }
    throw thrown
  }
}
