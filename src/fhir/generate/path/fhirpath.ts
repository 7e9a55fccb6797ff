/** The syntax of FHIRPath, http://hl7.org/fhirpath/N1/, as far as R4's definitions use it. */

/** A node of a parsed expression, at [start, end) of the text. */
export type ExpressionNode = { start: number; end: number } & (
  | { kind: 'literal'; value: string | number | boolean }
  | { kind: 'empty' }
  | { kind: 'variable'; name: string }
  | { kind: 'member'; on: ExpressionNode | undefined; name: string }
  | { kind: 'call'; on: ExpressionNode | undefined; name: string; args: ExpressionNode[] }
  | { kind: 'index'; on: ExpressionNode; index: ExpressionNode }
  | { kind: 'binary'; operator: string; left: ExpressionNode; right: ExpressionNode }
  | { kind: 'type'; operator: 'is' | 'as'; on: ExpressionNode; type: string }
  | { kind: 'group'; inner: ExpressionNode }
)

interface Token {
  kind: 'name' | 'number' | 'string' | 'variable' | 'symbol' | 'end'
  text: string
  start: number
  end: number
}

const lexemes =
  /\s+|(?<name>[A-Za-z_]\w*|`[^`]*`)|(?<number>\d+(?:\.\d+)?)|(?<string>'(?:[^'\\]|\\.)*')|(?<variable>[%$]\w+)|(?<symbol><=|>=|!=|!~|[-+*/&|=~<>().,[\]{}])/gy

const tokenize = (text: string): Token[] => {
  const tokens: Token[] = []
  let at = 0
  for (const match of text.matchAll(lexemes)) {
    const [kind, value] = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined) ?? []
    at = match.index + match[0].length
    if (kind && value) tokens.push({ kind: kind as Token['kind'], text: value, start: match.index, end: at })
  }
  if (at !== text.length) throw new Error(`FHIRPath: cannot read \`${text.slice(at)}\` of \`${text}\``)
  return [...tokens, { kind: 'end', text: '', start: at, end: at }]
}

/** The binary operators from the weakest to the strongest binding, http://hl7.org/fhirpath/N1/#operator-precedence */
const levels: readonly (readonly string[])[] = [
  ['implies'],
  ['or', 'xor'],
  ['and'],
  ['in', 'contains'],
  ['=', '~', '!=', '!~'],
  ['<=', '<', '>', '>='],
  ['|'],
  ['is', 'as'],
  ['+', '-', '&'],
  ['*', '/', 'div', 'mod'],
]

/** Returns the expression's syntax tree; throws if the text is no FHIRPath. */
export const parseFhirPath = (text: string): ExpressionNode => new Parser(text).parse()

class Parser {
  readonly #text: string
  readonly #tokens: Token[]
  #position = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokenize(text)
  }

  parse(): ExpressionNode {
    const root = this.#binary(0)
    return this.#peek().kind === 'end' ? root : this.#fail()
  }

  #peek(): Token {
    return this.#tokens[this.#position] as Token
  }

  #next(): Token {
    return this.#tokens[this.#position++] as Token
  }

  #take(symbol: string): boolean {
    const found = this.#peek().kind === 'symbol' && this.#peek().text === symbol
    if (found) this.#position++
    return found
  }

  /** Reads the expected symbol; returns the position after the symbol, or throws. */
  #close(symbol: string): number {
    const { end } = this.#peek()
    return this.#take(symbol) ? end : this.#fail()
  }

  #fail(): never {
    const { text, start } = this.#peek()
    throw new Error(`FHIRPath: unexpected \`${text}\` at ${start} of \`${this.#text}\``)
  }

  #binary(level: number): ExpressionNode {
    const operators = levels[level]
    if (!operators) return this.#postfix()
    let left = this.#binary(level + 1)
    while (['symbol', 'name'].includes(this.#peek().kind) && operators.includes(this.#peek().text)) {
      left = this.#operation(this.#next().text, left, level)
    }
    return left
  }

  #operation(operator: string, left: ExpressionNode, level: number): ExpressionNode {
    const { start } = left
    if (operator === 'is' || operator === 'as') {
      const { type, end } = this.#typeName()
      return { kind: 'type', operator, on: left, type, start, end }
    }
    const right = this.#binary(level + 1)
    return { kind: 'binary', operator, left, right, start, end: right.end }
  }

  #typeName(): { type: string; end: number } {
    let name = this.#next()
    while (this.#take('.')) name = this.#next()
    return { type: unquoted(name.text), end: name.end }
  }

  #postfix(): ExpressionNode {
    let node = this.#term()
    for (;;) {
      if (this.#take('.')) node = this.#invocation(node)
      else if (this.#take('[')) {
        const index = this.#binary(0)
        node = { kind: 'index', on: node, index, start: node.start, end: this.#close(']') }
      } else return node
    }
  }

  #term(): ExpressionNode {
    const { start, end, kind, text } = this.#peek()
    const place = { start, end }
    if (kind === 'name' && text !== 'true' && text !== 'false') return this.#invocation(undefined)
    if (this.#take('(')) return { kind: 'group', inner: this.#binary(0), start, end: this.#close(')') }
    if (this.#take('{')) return { kind: 'empty', start, end: this.#close('}') }
    const literal = literals[kind]
    if (!literal) return this.#fail()
    this.#next()
    return kind === 'variable'
      ? { kind, name: text, ...place }
      : { kind: 'literal', value: literal(text), ...place }
  }

  #invocation(on: ExpressionNode | undefined): ExpressionNode {
    const token = this.#next()
    const start = on?.start ?? token.start
    if (token.kind === 'variable') return { kind: 'variable', name: token.text, start, end: token.end }
    if (token.kind !== 'name') return this.#fail()
    if (!this.#take('(')) return { kind: 'member', on, name: unquoted(token.text), start, end: token.end }
    const args: ExpressionNode[] = []
    while (this.#peek().text !== ')') {
      args.push(this.#binary(0))
      this.#take(',')
    }
    return { kind: 'call', on, name: token.text, args, start, end: this.#close(')') }
  }
}

const unquoted = (name: string): string => (name.startsWith('`') ? name.slice(1, -1) : name)

/** FHIRPath's escapes are JSON's, plus the single quote and the back quote. */
const unescaped = (literal: string): string =>
  literal.slice(1, -1).replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, code: string) => {
    if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    return { n: '\n', r: '\r', t: '\t', f: '\f' }[code] ?? code
  })

const literals: Partial<Record<Token['kind'], (text: string) => string | number | boolean>> = {
  number: Number,
  string: unescaped,
  name: (text) => text === 'true',
  variable: String,
}
