/** The words of a resource, by which `_text` and `_content` find it, https://hl7.org/fhir/R4/search.html#content */

import type { Resource } from '../../fhir/definitions.ts'
import { valueList } from '../../store/keys.ts'
import type { List } from '../../store/port.ts'
import type { Clause, WordsClause } from '../query.ts'
import { rowNamed } from '../rows.ts'

type Scope = WordsClause['scope']

/** A resource with more words has no list for each of them; it stands in one that every search for words reads. */
const mostListed = 250
const longestWord = 50

/** Returns whether this deployment remembers words, which every write pays for. */
export const remembersWords = (env: Readonly<Record<string, string | undefined>> = process.env): boolean =>
  env.WORD_INDEX !== 'off'

/** Returns the words of a text in their order, without case and accents; what joins them, such as a hyphen, parts them. */
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
const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

const entity = (_: string, name: string): string => {
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
  if (!name.startsWith('#')) return rowNamed(named, name) ?? ' '
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' '
}

/** Returns what a reader of XHTML sees. */
const shown = (xhtml: string): string =>
  xhtml
    .replace(inline, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(#?\w+);/g, entity)

/** What has a parameter of its own to be found by, or is no text: none of it is remembered a second time. */
const apart = new Set(['meta', 'identifier', 'telecom'])
const unread = new Set([
  ...['resourceType', 'id', 'system', 'code', 'version', 'reference', 'url', 'uri'],
  ...['contentType', 'data', 'hash', 'status'],
])

/** Addresses, links and points in time. */
const mute =
  /^(?:[A-Za-z][A-Za-z0-9+.-]*:\S+|[A-Z][A-Za-z]+\/[A-Za-z0-9.-]+|\d{4}-\d\d(?:-\d\d(?:T\S+)?)?|\d\d:\d\d:\d\d\S*)$/

const readAll = (value: unknown, texts: string[]): string[] => {
  if (typeof value === 'string') {
    if (!mute.test(value)) texts.push(value)
  } else if (Array.isArray(value)) {
    for (const each of value) readAll(each, texts)
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, each] of Object.entries(value)) readMember(name, each, texts)
  }
  return texts
}

const readMember = (name: string, value: unknown, texts: string[]): void => {
  if (apart.has(name)) return
  if (typeof value !== 'string') readAll(value, texts)
  else if (name === 'div') texts.push(shown(value))
  else if (!unread.has(name)) readAll(value, texts)
}

const narrativeOf = ({ text }: Resource): readonly string[] => {
  const div = (text as { div?: unknown } | null | undefined)?.div
  return typeof div === 'string' ? [shown(div)] : []
}

const textsOf = (resource: Resource, scope: Scope): readonly string[] =>
  scope === 'narrative' ? narrativeOf(resource) : readAll(resource, [])

/** Returns whether the words stand in a row somewhere in the narrative, or anywhere in the resource. */
export const hasWords = (resource: Resource, scope: Scope, wanted: readonly string[]): boolean =>
  textsOf(resource, scope).some((text) => {
    const words = wordsIn(text)
    return words.some((_, at) => wanted.every((word, i) => words[at + i] === word))
  })

/** No word is written like this. */
const anyWord = '*'

/** Returns words of which every match has one, the longest of each row; none where a clause is about more than words. */
export const tellingWords = (clause: Clause): readonly string[] => {
  if (clause.kind === 'words') return clause.words.toSorted((a, b) => b.length - a.length).slice(0, 1)
  const parts = 'clauses' in clause && clause.kind !== 'none' ? clause.clauses.map(tellingWords) : []
  const known = parts.filter((words) => words.length > 0)
  if (clause.kind === 'all') return known.toSorted((a, b) => a.length - b.length)[0] ?? []
  return known.length === parts.length ? [...new Set(known.flat())] : []
}

/** Returns the lists that a resource with these words may stand in. */
export const wordLists = (type: string, word: string): readonly List[] =>
  [word, anyWord].map((each) => valueList(type, '_content', each))

/** Returns the lists that a resource stands in for its words: those of the narrative are among them. */
export const listsOfWords = (resource: Resource): readonly List[] => {
  const words = [...new Set(wordsIn(readAll(resource, []).join('\n')))]
  const listed = words.length > mostListed ? [anyWord] : words
  return listed.map((word) => valueList(resource.resourceType, '_content', word))
}
