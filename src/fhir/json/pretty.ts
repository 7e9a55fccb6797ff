/** https://hl7.org/fhir/R4/http.html#pretty */

import { skipString } from './splice.ts'

const pairs = new Set(['{}', '[]'])

/** Returns the JSON text on lines of their own, two spaces a level; strings and numbers stay as they are written. */
export const prettyJson = (text: string): string => {
  let result = ''
  let depth = 0
  const line = (): string => `\n${'  '.repeat(depth)}`
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i)
    if (c === '"') {
      const end = skipString(text, i)
      result += text.slice(i, end)
      i = end - 1
    } else if (c === '{' || c === '[') {
      const next = text.slice(i + 1).match(/^\s*(.)/)?.[1] ?? ''
      if (pairs.has(c + next)) {
        result += c + next
        i = text.indexOf(next, i + 1)
      } else {
        depth++
        result += c + line()
      }
    } else if (c === '}' || c === ']') {
      depth--
      result += line() + c
    } else if (c === ',') result += c + line()
    else if (c === ':') result += ': '
    else if (!/\s/.test(c)) result += c
  }
  return result
}
