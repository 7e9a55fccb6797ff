import type { AttributeValue, Item } from './wire.ts'

/**
 * Sizes and units by the published rules:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */

const utf8 = (text: unknown): number => Buffer.byteLength(String(text))

/** Base64 of three bytes has four characters. */
const binary = (text: unknown): number => {
  const length = String(text).length
  const padding = String(text).endsWith('==') ? 2 : String(text).endsWith('=') ? 1 : 0
  return (length * 3) / 4 - padding
}

/** A byte for every two digits, leading and trailing zeros left out, one more, and another one for a sign. */
const number = (text: unknown): number => {
  const digits = String(text)
    .replace(/[eE].*$/, '')
    .replace(/[-+.]/g, '')
    .replace(/^0+|0+$/g, '')
  return Math.ceil(Math.max(1, digits.length) / 2) + 1 + (String(text).startsWith('-') ? 1 : 0)
}

const sum = (values: unknown, size: (value: never) => number): number =>
  (values as never[]).reduce((total, value) => total + size(value), 0)

/** A list or a map takes three bytes, and one for each of its elements. */
const nested = (count: number): number => 3 + count

const sizes: Readonly<Record<string, (value: unknown) => number>> = {
  S: utf8,
  N: number,
  B: binary,
  BOOL: () => 1,
  NULL: () => 1,
  SS: (values) => sum(values, utf8),
  NS: (values) => sum(values, number),
  BS: (values) => sum(values, binary),
  L: (values) => nested((values as unknown[]).length) + sum(values, valueSize),
  M: (values) => nested(Object.keys(values as Item).length) + itemSize(values as Item),
}

const valueSize = (value: AttributeValue): number =>
  Object.entries(value).reduce((total, [type, content]) => total + (sizes[type]?.(content) ?? 0), 0)

/** Returns an item's size in bytes: those of its attributes' names and values. */
export const itemSize = (item: Item): number =>
  Object.entries(item).reduce((total, [name, value]) => total + utf8(name) + valueSize(value), 0)

/** Returns the units of a write of so many bytes. */
export const writeUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 1_024))

/** Returns the units of a read of so many bytes; what does not exist takes the least. */
export const readUnits = (bytes: number, consistent: boolean): number =>
  Math.max(1, Math.ceil(bytes / 4_096)) * (consistent ? 1 : 0.5)
