/** https://www.rfc-editor.org/rfc/rfc8259 — read only to say where a text that JSON.parse refused goes wrong. */

/** The position and the reason of the first fault in a text that is not JSON. */
export interface SyntaxFault {
  what: string
  line: number
  column: number
}

class Stop extends Error {
  readonly at: number
  constructor(what: string, at: number) {
    super(what)
    this.at = at
  }
}

const space = /[ \t\r\n]*/y
const stringLiteral = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y

const tokenAt = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : -1
}

const shown = (text: string, at: number): string => (at < text.length ? `\`${text.charAt(at)}\`` : 'the end')

const expect = (pattern: RegExp, text: string, at: number, what: string): number => {
  const end = tokenAt(pattern, text, at)
  if (end < 0) throw new Stop(`${what} expected, found ${shown(text, at)}`, at)
  return tokenAt(space, text, end)
}

const isClosing = (text: string, at: number, close: string): boolean => text.charAt(at) === close

/**
 * Reads on after a value: closes the objects and arrays that end here, else expects a comma and, in an object, the next
 * name.
 */
const afterValue = (text: string, start: number, open: string[]): number => {
  let at = start
  while (open.length > 0 && isClosing(text, at, open.at(-1) ?? '')) {
    open.pop()
    at = tokenAt(space, text, at + 1)
  }
  if (open.length === 0) return at
  const next = expect(/,/y, text, at, `\`,\` or \`${open.at(-1)}\``)
  return open.at(-1) === '}' ? name(text, next) : next
}

const name = (text: string, at: number): number =>
  expect(/:/y, text, expect(stringLiteral, text, at, 'a name in double quotes'), '`:`')

const value = (text: string, at: number, open: string[]): number => {
  const first = text.charAt(at)
  if (first === '{' || first === '[') return container(text, tokenAt(space, text, at + 1), open, first)
  const pattern = first === '"' ? stringLiteral : scalar
  return afterValue(text, expect(pattern, text, at, first === '"' ? 'a complete string' : 'a value'), open)
}

const container = (text: string, at: number, open: string[], first: string): number => {
  open.push(first === '{' ? '}' : ']')
  if (isClosing(text, at, open.at(-1) ?? '')) return afterValue(text, at, open)
  return first === '{' ? name(text, at) : at
}

const walkTokens = (text: string): void => {
  const open: string[] = []
  let at = value(text, tokenAt(space, text, 0), open)
  while (open.length > 0) at = value(text, at, open)
  if (at < text.length) throw new Stop(`nothing more expected, found ${shown(text, at)}`, at)
}

/** Returns the first fault of a text that is not JSON, with its position (lines and columns count from 1). */
export const syntaxFault = (text: string): SyntaxFault => {
  try {
    walkTokens(text)
    return { what: 'it cannot be read', line: 1, column: 1 }
  } catch (stop) {
    if (!(stop instanceof Stop)) throw stop
    const before = text.slice(0, stop.at).split('\n')
    return { what: stop.message, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
  }
}
