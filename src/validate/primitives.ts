/** The formats of primitive types, https://hl7.org/fhir/R4/datatypes.html#primitive */

import { daysInMonth } from '../fhir/values/dates.ts'
import { isImpossible } from '../fhir/xml/characters.ts'
import { narrativeProblem } from './narrative.ts'
import { jsonKind, shownValue } from './run.ts'

/** Returns the problem of a value; undefined for a valid value. */
export type PrimitiveCheck = (value: unknown) => string | undefined

const expected = (value: unknown, what: string): string => `${shownValue(value)} is no ${what}`

/** A format of JSON strings. */
const textCheck =
  (what: string, isValid: (value: string) => boolean): PrimitiveCheck =>
  (value) => {
    if (typeof value !== 'string') return `expected a JSON string, found ${jsonKind(value)}`
    if (value === '') return 'an empty string is no value; leave the element out'
    return isValid(value) ? undefined : expected(value, what)
  }

const patternCheck = (what: string, pattern: RegExp): PrimitiveCheck =>
  textCheck(what, (value) => pattern.test(value))

const numberCheck =
  (what: string, isValid: (value: number) => boolean): PrimitiveCheck =>
  (value) => {
    if (typeof value !== 'number') return `expected a JSON number, found ${jsonKind(value)}`
    return isValid(value) ? undefined : expected(value, what)
  }

const integerCheck = (what: string, min: number): PrimitiveCheck =>
  numberCheck(what, (value) => Number.isInteger(value) && value >= min && value <= 2_147_483_647)

/** A larger number arrives as infinity, its digits gone. */
const decimal: PrimitiveCheck = (value) => {
  if (typeof value !== 'number') return `expected a JSON number, found ${jsonKind(value)}`
  return Number.isFinite(value) ? undefined : 'the number is larger than any that can be held, 1.7e308'
}

const boolean: PrimitiveCheck = (value) =>
  typeof value === 'boolean' ? undefined : `expected \`true\` or \`false\`, found ${jsonKind(value)}`

const string = textCheck(
  'text: it holds a character that XML cannot hold, such as a control character, or nothing but white space',
  (value) => !isImpossible(value) && value.trim() !== '',
)

const longestText = 1024 * 1024

const limited: PrimitiveCheck = (value) =>
  typeof value === 'string' && value.length > longestText
    ? `a text of ${value.length} characters is too long; at most ${longestText} are possible`
    : string(value)

const partialDatePattern = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/
const timePart = '(?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:\\.\\d+)?'
const zonePart = '(?:Z|[+-](?:(?:0\\d|1[0-3]):[0-5]\\d|14:00))'
const dateTimePattern = new RegExp(`^(\\d{4})(?:-(\\d\\d)(?:-(\\d\\d)(?:T${timePart}${zonePart})?)?)?$`)
const instantPattern = new RegExp(`^(\\d{4})-(\\d\\d)-(\\d\\d)T${timePart}${zonePart}$`)
const timePattern = new RegExp(`^${timePart}$`)

/** A format whose first three groups are year, month and day. */
const calendar = (what: string, pattern: RegExp): PrimitiveCheck =>
  textCheck(what, (value) => {
    const match = pattern.exec(value)
    return match !== null && isDay(Number(match[1]), Number(match[2] ?? 1), Number(match[3] ?? 1))
  })

const isDay = (year: number, month: number, day: number): boolean =>
  year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)

const base64Pattern = /^[0-9a-zA-Z+/]*={0,2}$/
const isBase64 = (value: string): boolean => {
  const packed = /\s/.test(value) ? value.replace(/[ \t\r\n]+/g, '') : value
  return packed.length % 4 === 0 && base64Pattern.test(packed)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const blankInUri = /[\u0000-\u0020\ufffe\uffff]/
const uri = (what: string): PrimitiveCheck => textCheck(what, (value) => !blankInUri.test(value))

/** The check of each primitive type; a narrative's is in `narrative.ts`. */
export const primitiveChecks: Readonly<Record<string, PrimitiveCheck>> = {
  boolean,
  integer: integerCheck('integer between -2147483648 and 2147483647', -2_147_483_648),
  unsignedInt: integerCheck('integer between 0 and 2147483647', 0),
  positiveInt: integerCheck('integer between 1 and 2147483647', 1),
  decimal,
  string: limited,
  markdown: limited,
  xhtml: (value) => string(value) ?? narrativeProblem(String(value)),
  code: patternCheck(
    'code: it must not begin or end with a space, nor hold two in a row, nor a control character',
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a code must not hold
    /^[^\u0000-\u0020\ufffe\uffff]+([ \t\r\n][^\u0000-\u0020\ufffe\uffff]+)*$/,
  ),
  id: patternCheck('id: up to 64 letters, digits, `-` and `.`', /^[A-Za-z0-9.-]{1,64}$/),
  uri: uri('uri: it holds white space or a control character'),
  url: uri('url: it holds white space or a control character'),
  canonical: uri('canonical address: it holds white space or a control character'),
  oid: patternCheck('oid such as `urn:oid:1.2.3`', /^urn:oid:[0-2](\.(0|[1-9]\d*))+$/),
  uuid: patternCheck(
    'uuid such as `urn:uuid:c757873d-ec9a-4326-a141-556f43239520`',
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  ),
  base64Binary: textCheck('base64', isBase64),
  date: calendar('date of the calendar such as `1974`, `1974-12` or `1974-12-25`', partialDatePattern),
  dateTime: calendar(
    'date or time with a zone such as `1974-12-25` or `1974-12-25T14:35:45Z`',
    dateTimePattern,
  ),
  instant: calendar('instant with a zone such as `2015-02-07T13:28:17.239+02:00`', instantPattern),
  time: patternCheck('time such as `14:35:45`', timePattern),
}
