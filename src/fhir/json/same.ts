import { isDeepStrictEqual } from 'node:util'
import { parseKeeping } from './digits.ts'
import { skipSpace, skipString } from './splice.ts'

/** Returns the JSON text without the white space between its tokens. */
const compact = (text: string): string => {
  let result = ''
  let i = skipSpace(text, 0)
  while (i < text.length) {
    const end = text.charCodeAt(i) === 0x22 ? skipString(text, i) : i + 1
    result += text.slice(i, end)
    i = skipSpace(text, end)
  }
  return result
}

/** Returns whether two JSON texts say the same with the same digits, whatever their white space and the order of members. */
export const sameJson = (a: string, b: string): boolean => {
  if (a === b) return true
  const [first, second] = [compact(a), compact(b)]
  if (first === second) return true
  return first.length === second.length && isDeepStrictEqual(parseKeeping(first), parseKeeping(second))
}
