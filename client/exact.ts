/** A decimal whose digits a JavaScript number would change, kept as it was written. */
export interface Written {
  readonly rawJSON: string
}

/** A JSON number as this page holds it. */
export type Decimal = number | Written

interface ExactJson {
  rawJSON(text: string): Written
  parse(
    text: string,
    reviver: (key: string, value: unknown, context?: { source?: string }) => unknown,
  ): unknown
}

const json = JSON as unknown as ExactJson

const keep = (_key: string, value: unknown, context?: { source?: string }): unknown =>
  typeof value === 'number' && context?.source !== undefined && context.source !== String(value)
    ? json.rawJSON(context.source)
    : value

/** Turns JSON text into data whose decimals keep their digits; `JSON.stringify` writes them back unchanged. */
export const parseExact = (text: string): unknown => json.parse(text, keep)

const isWritten = (value: unknown): value is Written =>
  typeof value === 'object' && value !== null && typeof (value as Written).rawJSON === 'string'

/** Returns the number a decimal stands for, or undefined where there is none. */
export const toNumber = (value: unknown): number | undefined => {
  if (typeof value === 'number') return value
  return isWritten(value) ? Number(value.rawJSON) : undefined
}

/** Returns the digits of a decimal as the data has them; the empty text where there is none. */
export const toDigits = (value: unknown): string =>
  isWritten(value) ? value.rawJSON : typeof value === 'number' ? String(value) : ''
