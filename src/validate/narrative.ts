/** What a narrative may hold: the rules txt-1 and txt-2, https://hl7.org/fhir/R4/narrative.html#xhtml */

const elements: ReadonlySet<string> = new Set(
  `a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img
  li map area ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var kbd bdo`.split(
    /\s+/,
  ),
)
const attributes: ReadonlySet<string> = new Set(
  `abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset
  cite class color colspan compact coords dir frame headers height href hreflang hspace id lang longdesc name nowrap
  rel rev rowspan rules scope shape span src start style summary tabindex title type valign value vspace width
  xml:lang xml:space xmlns cellalign usemap`.split(/\s+/),
)

const token =
  /<!--[\s\S]*?-->|<(\/?)([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|<[\s\S]|&(?!#?\w+;)/g
const attribute = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g

/** Returns what is wrong with a narrative's XHTML; undefined where nothing is. */
export const narrativeProblem = (text: string): string | undefined => {
  const xhtml = text.trim()
  if (!/^<div[\s>]/.test(xhtml))
    return '`txt-1`: a narrative is one XHTML `<div>` with all that it says inside'
  const open: string[] = []
  for (const match of xhtml.matchAll(token)) {
    const problem = match[2] === undefined ? strayProblem(match[0]) : tagProblem(match, open)
    if (problem) return `\`txt-1\`: ${problem}`
    const end = match.index + match[0].length
    if (open.length === 0 && end < xhtml.length && match[2])
      return '`txt-1`: a narrative ends with its one `</div>`'
  }
  if (open.length > 0) return `\`txt-1\`: \`<${open.at(-1)}>\` is not closed`
  return hasContent(xhtml) ? undefined : '`txt-2`: a narrative has text or an image'
}

const strayProblem = (text: string): string | undefined =>
  text.startsWith('<!--')
    ? undefined
    : `\`${text}\` stands where it must be written as an entity or a proper tag`

/** Looks at one tag, and keeps the list of those that are open. */
const tagProblem = (
  [, closing, name = '', written = '', single]: RegExpMatchArray,
  open: string[],
): string | undefined => {
  if (!elements.has(name)) return `\`<${name}>\` is not allowed in a narrative`
  if (closing) return open.pop() === name ? undefined : `\`</${name}>\` closes nothing that is open`
  if (!single) open.push(name)
  for (const [, attributeName = '', double, quoted] of written.matchAll(attribute)) {
    const problem = attributeProblem(attributeName, double ?? quoted ?? '')
    if (problem) return problem
  }
  return undefined
}

const attributeProblem = (name: string, value: string): string | undefined => {
  if (!attributes.has(name) && !name.startsWith('xmlns:'))
    return `the attribute \`${name}\` is not allowed in a narrative`
  const isScript = (name === 'href' || name === 'src') && /^\s*(?:javascript|vbscript|data:text)/i.test(value)
  return isScript ? `\`${name}\` must not run code` : undefined
}

const hasContent = (xhtml: string): boolean =>
  /<img\s/.test(xhtml) || xhtml.replace(/<[^>]*>/g, '').trim() !== ''
