/** The links in a resource's text, https://hl7.org/fhir/R4/http.html#trules and bundle.html#references */

import {
  applyEdits,
  type Edit,
  membersAt,
  skipSpace,
  skipString,
  skipValue,
  stringAt,
} from './json/splice.ts'
import { type Structure, structureOf } from './structure.ts'

/**
 * The three kinds of places for a link: `Reference.reference`, an element of type uri, url, oid or uuid, and an `href` or
 * `src` of the narrative. A canonical and a plain string are no links: a transaction leaves them as they are.
 */
export type LinkPlace = 'reference' | 'uri' | 'narrative'

/** Returns the text to put in a link's place; undefined leaves the link as written. */
export type ReplaceLink = (link: string, place: LinkPlace) => string | undefined

interface LinkScan {
  text: string
  replace: ReplaceLink
  edits: Edit[]
}

/** Returns the resource's text with its links replaced and every other byte kept. */
export const rewriteLinks = (text: string, replace: ReplaceLink): string => {
  const scan = { text, replace, edits: [] }
  scanResource(scan, skipSpace(text, 0))
  return applyEdits(text, scan.edits)
}

const linkTypes: ReadonlySet<string> = new Set(['uri', 'url', 'oid', 'uuid'])

const scanResource = (scan: LinkScan, at: number): number => {
  const { text } = scan
  const type =
    text.charAt(at) === '{' ? membersAt(text, at).findLast(({ name }) => name === 'resourceType') : undefined
  const name =
    type && text.charAt(type.valueStart) === '"' ? stringAt(text, type.valueStart, type.valueEnd) : ''
  return scanObject(scan, at, structureOf(name))
}

/** Reads the object that begins at `at` once; returns the position after the object. */
const scanObject = (scan: LinkScan, at: number, structure: Structure | undefined): number => {
  const { text } = scan
  if (!structure || text.charAt(at) !== '{') return skipValue(text, at)
  let i = skipSpace(text, at + 1)
  while (text.charAt(i) === '"') {
    const nameEnd = skipString(text, i)
    const name = stringAt(text, i, nameEnd)
    i = skipSpace(text, skipSpace(text, nameEnd) + 1)
    i = skipSpace(text, scanMember(scan, i, structure, name))
    if (text.charAt(i) === ',') i = skipSpace(text, i + 1)
  }
  return i + 1
}

const scanMember = (scan: LinkScan, at: number, structure: Structure, name: string): number => {
  if (structure.name === 'Reference' && name === 'reference') return scanLink(scan, at, 'reference')
  const content = structure.members.get(name)?.type.content ?? (name.startsWith('_') ? 'Element' : undefined)
  return content === undefined ? skipValue(scan.text, at) : scanValue(scan, at, content)
}

const scanValue = (scan: LinkScan, at: number, content: string): number => {
  const first = scan.text.charAt(at)
  if (first === '[') return scanItems(scan, at, content)
  if (content === 'Resource') return scanResource(scan, at)
  if (first === '{') return scanObject(scan, at, structureOf(content))
  if (content === 'xhtml' && first === '"') return scanNarrative(scan, at)
  return linkTypes.has(content) ? scanLink(scan, at, 'uri') : skipValue(scan.text, at)
}

const scanItems = (scan: LinkScan, at: number, content: string): number => {
  const { text } = scan
  let i = skipSpace(text, at + 1)
  while (text.charAt(i) !== ']') {
    i = skipSpace(text, scanValue(scan, i, content))
    if (text.charAt(i) === ',') i = skipSpace(text, i + 1)
  }
  return i + 1
}

const scanLink = (scan: LinkScan, at: number, place: LinkPlace): number => {
  const end = skipValue(scan.text, at)
  if (scan.text.charAt(at) !== '"') return end
  const link = scan.replace(stringAt(scan.text, at, end), place)
  if (link !== undefined) scan.edits.push({ start: at, end, text: JSON.stringify(link) })
  return end
}

/** In JSON text the double quotes of an attribute are escaped. */
const attribute = /\b(?:href|src)\s*=\s*(\\"|')(.*?)\1/g

const scanNarrative = (scan: LinkScan, at: number): number => {
  const end = skipString(scan.text, at)
  for (const match of scan.text.slice(at, end).matchAll(attribute)) {
    const [whole, mark = '', written = ''] = match
    const link = scan.replace(decodedAttribute(written), 'narrative')
    if (link === undefined) continue
    const close = at + match.index + whole.length - mark.length
    scan.edits.push({ start: close - written.length, end: close, text: encodedAttribute(link) })
  }
  return end
}

const decodedAttribute = (written: string): string =>
  (JSON.parse(`"${written}"`) as string).replaceAll('&amp;', '&').replaceAll('&quot;', '"')

const encodedAttribute = (link: string): string =>
  JSON.stringify(link.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll("'", '&#39;')).slice(
    1,
    -1,
  )
