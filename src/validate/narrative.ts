/** The rules of a narrative, txt-1 and txt-2: https://hl7.org/fhir/R4/narrative.html#xhtml */

import { isXmlCharacter } from '../fhir/xml/characters.ts'
import { xhtmlCharacter } from '../fhir/xml/entities.ts'

const allowedTags: ReadonlySet<string> = new Set(
  `a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img
  li map area ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var kbd bdo`.split(
    /\s+/,
  ),
)
const allowedAttributes: ReadonlySet<string> = new Set(
  `abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset
  cite class color colspan compact coords dir frame headers height href hreflang hspace id lang longdesc name nowrap
  rel rev rowspan rules scope shape span src start style summary tabindex title type valign value vspace width
  xml:lang xml:space xmlns cellalign usemap`.split(/\s+/),
)

const token =
  /<!--(?:-?[^-])*-->|<(\/?)([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|<[\s\S]|&(?:#?\w+;)?/g
const attributePattern = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g

/** Returns the problem of a narrative's XHTML; undefined for valid XHTML. */
export const narrativeProblem = (text: string): string | undefined => {
  const xhtml = text.trim()
  if (!/^<div[\s>]/.test(xhtml))
    return '`txt-1`: a narrative is one XHTML `<div>` with all that it says inside'
  const open: string[] = []
  for (const match of xhtml.matchAll(token)) {
    const problem = match[2] === undefined ? otherProblem(match[0]) : tagProblem(match, open)
    if (problem) return `\`txt-1\`: ${problem}`
    const end = match.index + match[0].length
    if (open.length === 0 && end < xhtml.length && match[2])
      return '`txt-1`: a narrative ends with its one `</div>`'
  }
  if (open.length > 0) return `\`txt-1\`: \`<${open.at(-1)}>\` is not closed`
  return hasContent(xhtml) ? undefined : '`txt-2`: a narrative has text or an image'
}

const xmlEntities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Returns the character that `&…;` stands for. */
const characterOf = (reference: string): string | undefined => {
  const name = reference.slice(1, -1)
  const numeric = /^#(?:(\d+)|x([\da-fA-F]+))$/.exec(name)
  if (!numeric && Object.hasOwn(xmlEntities, name)) return xmlEntities[name]
  const code = numeric
    ? Number.parseInt(numeric[1] ?? numeric[2] ?? '', numeric[1] ? 10 : 16)
    : xhtmlCharacter(name)
  return code !== undefined && isXmlCharacter(code) ? String.fromCodePoint(code) : undefined
}

const otherProblem = (text: string): string | undefined => {
  if (text.startsWith('<!--')) return undefined
  if (text.length > 2 && text.startsWith('&'))
    return characterOf(text) === undefined
      ? `\`${text}\` stands for no character; write it by its number, or as \`&amp;${text.slice(1)}\``
      : undefined
  return `\`${text}\` stands where it must be written as an entity or a proper tag`
}

const characterReferences = /&(?:#?\w+;)?/g

/** Returns the problem of a tag, and keeps the list of open tags. */
const tagProblem = (
  [, closing, name = '', written = '', single]: RegExpMatchArray,
  open: string[],
): string | undefined => {
  if (!allowedTags.has(name)) return `\`<${name}>\` is not allowed in a narrative`
  if (closing) return open.pop() === name ? undefined : `\`</${name}>\` closes nothing that is open`
  if (!single) open.push(name)
  const names = new Set<string>()
  for (const [, attributeName = '', double, quoted] of written.matchAll(attributePattern)) {
    if (names.has(attributeName)) return `\`<${name}>\` has the attribute \`${attributeName}\` twice`
    names.add(attributeName)
    const problem = attributeProblem(attributeName, double ?? quoted ?? '')
    if (problem) return problem
  }
  return undefined
}

/** As browsers read an address: with its references resolved, and blanks and controls dropped. */
const readAddress = (value: string): string => {
  const resolved = value.replace(characterReferences, (reference) => characterOf(reference) ?? '')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be dropped
  return resolved.replace(/[\u0000-\u0020]+/g, '')
}

const runsCode = /^(?:javascript|vbscript|data:(?:text|application\/(?:xhtml\+)?xml))/i

const attributeProblem = (name: string, value: string): string | undefined => {
  if (!allowedAttributes.has(name) && !name.startsWith('xmlns:'))
    return `the attribute \`${name}\` is not allowed in a narrative`
  for (const [reference] of value.matchAll(characterReferences)) {
    const problem = otherProblem(reference)
    if (problem) return `in \`${name}\`, ${problem}`
  }
  const isAddress = name === 'href' || name === 'src'
  return isAddress && runsCode.test(readAddress(value)) ? `\`${name}\` must not run code` : undefined
}

const hasContent = (xhtml: string): boolean =>
  /<img\s/.test(xhtml) || xhtml.replace(/<[^>]*>/g, '').trim() !== ''

const localLink = /\s(?:href|src)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g

/** Returns the ids that the links and images of a narrative refer to: `pic1` of `<img src="#pic1"/>`. */
export const narrativeLinks = (xhtml: string): string[] =>
  [...xhtml.matchAll(localLink)]
    .map(([, double, quoted]) => readAddress(double ?? quoted ?? ''))
    .filter((address) => address.length > 1 && address.startsWith('#'))
    .map((address) => address.slice(1))
