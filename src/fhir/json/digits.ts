/** JSON values that remember how their numbers were written, for changes that must parse and print again. */

/** No FHIR string may hold this character, https://hl7.org/fhir/R4/datatypes.html#string */
const mark = '\u0000'
const printed = /"\\u0000([^"\\]*)"/g

/** Returns whether the text holds, escaped or not, the character that marks a number's digits. */
export const holdsMark = (text: string): boolean => text.includes(mark) || text.includes('\\u0000')

const keepDigits = (_name: string, value: unknown, context: { source?: string }): unknown =>
  typeof value === 'number' && context.source !== undefined ? mark + context.source : value

/** Returns the value of a JSON text with each number as a marked string of its digits. */
export const parseKeeping = (text: string): unknown =>
  JSON.parse(text, keepDigits as Parameters<typeof JSON.parse>[1])

/** Returns the digits of a marked number; undefined for a value without the mark. */
export const markedDigits = (value: unknown): string | undefined =>
  typeof value === 'string' && value.startsWith(mark) ? value.slice(mark.length) : undefined

/** Returns the JSON text of a value from `parseKeeping`, with the original digits of every number. */
export const printKeeping = (value: unknown): string => JSON.stringify(value).replace(printed, '$1')
