import { skipSpace, skipString } from '../fhir/json.ts'

const isSpace = (c: number): boolean => c <= 0x20

/** Returns whether two JSON texts are the same but for white space between their tokens. */
export const sameJson = (a: string, b: string): boolean => {
  if (a === b) return true
  let i = skipSpace(a, 0)
  let j = skipSpace(b, 0)
  while (i < a.length && j < b.length) {
    const c = a.charCodeAt(i)
    if (c !== b.charCodeAt(j)) return false
    const [p, q] = c === 0x22 ? [skipString(a, i), skipString(b, j)] : [i + 1, j + 1]
    if (c === 0x22 && a.slice(i, p) !== b.slice(j, q)) return false
    i = isSpace(a.charCodeAt(p)) ? skipSpace(a, p) : p
    j = isSpace(b.charCodeAt(q)) ? skipSpace(b, q) : q
  }
  return i >= a.length && j >= b.length
}
