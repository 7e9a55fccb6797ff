import type { AttributeValue, WireItem } from './wire.ts'

/**
 * Sizes and units by the published rules:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */

const utf8 = (text: unknown): number => Buffer.byteLength(String(text))

/** Returns the bytes of a base64 text, in which four characters are three bytes. */
const binarySize = (text: unknown): number => {
  const length = String(text).length
  const padding = String(text).endsWith('==') ? 2 : String(text).endsWith('=') ? 1 : 0
  return (length * 3) / 4 - padding
}

/** Returns the bytes of a number: a byte for every two significant digits, a further byte, and another for a minus sign. */
const numberSize = (text: unknown): number => {
  const digits = String(text)
    .replace(/[eE].*$/, '')
    .replace(/[-+.]/g, '')
    .replace(/^0+|0+$/g, '')
  return Math.ceil(Math.max(1, digits.length) / 2) + 1 + (String(text).startsWith('-') ? 1 : 0)
}

const sumOfSizes = (values: unknown, size: (value: never) => number): number =>
  (values as never[]).reduce((total, value) => total + size(value), 0)

/** Returns the overhead of a list or map: three bytes, and a byte for each element. */
const nestedOverhead = (count: number): number => 3 + count

const sizes: Readonly<Record<string, (value: unknown) => number>> = {
  S: utf8,
  N: numberSize,
  B: binarySize,
  BOOL: () => 1,
  NULL: () => 1,
  SS: (values) => sumOfSizes(values, utf8),
  NS: (values) => sumOfSizes(values, numberSize),
  BS: (values) => sumOfSizes(values, binarySize),
  L: (values) => nestedOverhead((values as unknown[]).length) + sumOfSizes(values, valueSize),
  M: (values) => nestedOverhead(Object.keys(values as WireItem).length) + itemSize(values as WireItem),
}

const valueSize = (value: AttributeValue): number =>
  Object.entries(value).reduce((total, [type, content]) => total + (sizes[type]?.(content) ?? 0), 0)

/** Returns an item's size in bytes: the names and values of its attributes. */
export const itemSize = (item: WireItem): number =>
  Object.entries(item).reduce((total, [name, value]) => total + utf8(name) + valueSize(value), 0)

/** Returns the units of a write of this size in bytes. */
export const writeUnitsOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / 1_024))

/** Returns the units of a read of this size in bytes; a missing item takes the least. */
export const readUnits = (bytes: number, consistent: boolean): number =>
  Math.max(1, Math.ceil(bytes / 4_096)) * (consistent ? 1 : 0.5)
