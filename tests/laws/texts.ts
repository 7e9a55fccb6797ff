type Json = Record<string, unknown>

const escaped = (text: string): string => text.replace(/[\\,|$]/g, '\\$&')

const list = (value: unknown): unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value]

const codesOf = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [escaped(String(value))]
  const { coding, system, code, value: identifier } = value as Json
  const tokens = coding ? (list(coding) as Json[]) : [{ system, code: code ?? identifier }]
  return tokens
    .filter((each) => each.code)
    .map(({ system: of, code: own }) =>
      String(of).includes(':') ? `${of}|${escaped(String(own))}` : escaped(String(own)),
    )
}

/** The engine takes `as` for single values only. */
export const readable = (expression: string): string =>
  expression
    .replace(/\(([^()]+) as (\w+)\)/g, '$1.ofType($2)')
    .replace(/hasExtension\(('[^']*')\)/g, 'extension($1).exists()')

/** What `<5` stands for is more than one number. */
const quantitiesOf = ({ value, code, unit, comparator }: Json): string[] => {
  if (comparator !== undefined || value === undefined) return []
  return [code || unit ? `${value}||${escaped(String(code ?? unit))}` : String(value)]
}

/** The texts by which a value, found by an engine that is not ours, should be found again. */
export const searchTexts = (type: string, value: unknown): string[] => {
  if (type === 'token') return codesOf(value)
  if (type === 'reference')
    return list((value as Json).reference)
      .map(String)
      .filter((text) => !/[#?]/.test(text))
  if (type === 'date') return typeof value === 'string' && /^\d{4}/.test(value) ? [value] : []
  if (type === 'uri') return [escaped(String(value))]
  if (type === 'string')
    return typeof value === 'string'
      ? [escaped(value)]
      : list((value as Json).family).map((text) => escaped(String(text)))
  if (type === 'quantity') return quantitiesOf(value as Json)
  return type === 'number' ? [String(value)] : []
}
