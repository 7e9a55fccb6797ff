/** https://hl7.org/fhir/R4/search.html#escaping */

/** Returns the text cut at every separator that no backslash precedes; the parts keep their escapes. */
export const splitRaw = (text: string, separator: string): readonly string[] => {
  const parts = ['']
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? ''
    if (character === separator) parts.push('')
    else parts.push(`${parts.pop()}${character === '\\' ? character + (text[++i] ?? '') : character}`)
  }
  return parts
}

/** Returns the text without its escapes: `\,` is a comma, `\\` a backslash. */
export const withoutEscapes = (text: string): string => text.replace(/\\([,$|\\])/g, '$1')

/** Returns the parts of a text, free of escapes. */
export const splitEscaped = (text: string, separator: string): readonly string[] =>
  splitRaw(text, separator).map(withoutEscapes)

/** Returns a text with escapes, as part of a search value. */
export const escapeValue = (text: string): string => text.replace(/[,$|\\]/g, '\\$&')
