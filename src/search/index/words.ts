/** The words of a resource, for `_text` and `_content`, https://hl7.org/fhir/R4/search.html#content */

import type { Resource } from '../../fhir/definitions.ts'
import { valueList } from '../../store/keys.ts'
import type { List } from '../../store/port.ts'
import type { Clause, WordsClause } from '../query.ts'
import { rowNamed } from '../rows.ts'

type WordScope = WordsClause['scope']

/**
 * The most words that are listed word by word. A resource with more words is in a list that every search for
 * words reads.
 */
const mostListed = 250
const longestWord = 50

/** Returns whether this deployment indexes words; every write costs more with them. */
export const remembersWords = (env: Readonly<Record<string, string | undefined>> = process.env): boolean =>
  env.WORD_INDEX !== 'off'

/**
 * Returns the words of a text in their order, without case and accents. A hyphen separates words, as a space
 * does.
 */
export const wordsIn = (text: string): readonly string[] =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .match(/[\p{L}\p{N}]+/gu)
    ?.map((word) => word.slice(0, longestWord)) ?? []

const inline = /<\/?(?:a|abbr|b|big|code|em|font|i|small|span|strong|sub|sup|tt|u|var)\b[^>]*>/gi
const namedEntities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

const characterOfEntity = (_: string, name: string): string => {
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
  if (!name.startsWith('#')) return rowNamed(namedEntities, name) ?? ' '
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' '
}

/** Returns the text that a reader of the XHTML sees. */
const visibleText = (xhtml: string): string =>
  xhtml
    .replace(inline, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(#?\w+);/g, characterOfEntity)

/** Members that have search parameters, or hold no text; their words are not indexed a second time. */
const membersWithoutWords = new Set(['meta', 'identifier', 'telecom'])
const codedMembers = new Set([
  ...['resourceType', 'id', 'system', 'code', 'version', 'reference', 'url', 'uri'],
  ...['contentType', 'data', 'hash', 'status'],
])

/** Addresses, links and points in time. */
const addressOrInstant =
  /^(?:[A-Za-z][A-Za-z0-9+.-]*:\S+|[A-Z][A-Za-z]+\/[A-Za-z0-9.-]+|\d{4}-\d\d(?:-\d\d(?:T\S+)?)?|\d\d:\d\d:\d\d\S*)$/

const collectTexts = (value: unknown, texts: string[]): string[] => {
  if (typeof value === 'string') {
    if (!addressOrInstant.test(value)) texts.push(value)
  } else if (Array.isArray(value)) {
    for (const each of value) collectTexts(each, texts)
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, each] of Object.entries(value)) collectMemberTexts(name, each, texts)
  }
  return texts
}

const collectMemberTexts = (name: string, value: unknown, texts: string[]): void => {
  if (membersWithoutWords.has(name)) return
  if (typeof value !== 'string') collectTexts(value, texts)
  else if (name === 'div') texts.push(visibleText(value))
  else if (!codedMembers.has(name)) collectTexts(value, texts)
}

const narrativeOf = ({ text }: Resource): readonly string[] => {
  const div = (text as { div?: unknown } | null | undefined)?.div
  return typeof div === 'string' ? [visibleText(div)] : []
}

const wordTextsOf = (resource: Resource, scope: WordScope): readonly string[] =>
  scope === 'narrative' ? narrativeOf(resource) : collectTexts(resource, [])

/** Returns whether the words stand in a row somewhere in the narrative, or anywhere in the resource. */
export const hasWords = (resource: Resource, scope: WordScope, wanted: readonly string[]): boolean =>
  wordTextsOf(resource, scope).some((text) => {
    const words = wordsIn(text)
    return words.some((_, at) => wanted.every((word, i) => words[at + i] === word))
  })

/** No word is written like this. */
const manyWordsList = '*'

/**
 * Returns words such that every match has at least one of them, the longest word of each phrase; empty for a
 * clause that is not only about words.
 */
export const drivingWords = (clause: Clause): readonly string[] => {
  if (clause.kind === 'words') return clause.words.toSorted((a, b) => b.length - a.length).slice(0, 1)
  const parts = 'clauses' in clause && clause.kind !== 'none' ? clause.clauses.map(drivingWords) : []
  const known = parts.filter((words) => words.length > 0)
  if (clause.kind === 'all') return known.toSorted((a, b) => a.length - b.length)[0] ?? []
  return known.length === parts.length ? [...new Set(known.flat())] : []
}

/** Returns the lists that a resource with these words may stand in. */
export const wordLists = (type: string, word: string): readonly List[] =>
  [word, manyWordsList].map((each) => valueList(type, '_content', each))

/** Returns the lists of a resource's words, the words of the narrative included. */
export const listsOfWords = (resource: Resource): readonly List[] => {
  const words = [...new Set(wordsIn(collectTexts(resource, []).join('\n')))]
  const listed = words.length > mostListed ? [manyWordsList] : words
  return listed.map((word) => valueList(resource.resourceType, '_content', word))
}
