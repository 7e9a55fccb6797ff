/** Units by the grammar of https://ucum.org/ucum, reduced to powers of base units and a single exact factor. */

import { prefixRows, unitRows } from '../generated/units.js'
import { type Decimal, parseDecimal } from './decimal.ts'

/** A unit is `numerator / denominator × 10^exponent` of its dimension, counted from the zero that `offset` sets. */
export interface Unit {
  /** The base units with their powers, `g.m-3`; `1` for a mere number. Units of the same dimension can be compared. */
  readonly dimension: string
  readonly numerator: bigint
  readonly denominator: bigint
  readonly exponent: number
  /** The number that is added before the factor applies: 273.15 for `Cel`. */
  readonly offset?: Decimal
}

interface UnitParts extends Omit<Unit, 'dimension'> {
  readonly powers: ReadonlyMap<string, number>
}

const number = (numerator: bigint, exponent = 0): UnitParts => ({
  powers: new Map(),
  numerator,
  denominator: 1n,
  exponent,
})

const one = number(1n)

const numberUnit = (text: string): UnitParts => {
  const { coefficient, exponent } = parseDecimal(text) ?? { coefficient: 1n, exponent: 0 }
  return number(coefficient, exponent)
}

const times = (a: UnitParts, b: UnitParts): UnitParts => {
  const powers = new Map(a.powers)
  for (const [base, power] of b.powers) powers.set(base, (powers.get(base) ?? 0) + power)
  return {
    powers,
    numerator: a.numerator * b.numerator,
    denominator: a.denominator * b.denominator,
    exponent: a.exponent + b.exponent,
  }
}

const raised = (unit: UnitParts, power: number): UnitParts => {
  const size = BigInt(Math.abs(power))
  const [up, down] = [unit.numerator ** size, unit.denominator ** size]
  return {
    powers: new Map([...unit.powers].map(([base, own]) => [base, own * power])),
    numerator: power < 0 ? down : up,
    denominator: power < 0 ? up : down,
    exponent: unit.exponent * power,
  }
}

interface Row {
  metric: boolean
  factor: string
  definition: string
  offset: Decimal | undefined
}

/** The tables, read at the first unit. */
let tables: { units: ReadonlyMap<string, Row>; prefixes: ReadonlyMap<string, string> } | undefined

const unitDefinitionRow = (line: string): [string, Row] => {
  const [code = '', metric, factor = '1', definition = '', offset] = line.split('\t')
  return [
    code,
    { metric: metric === 'm', factor, definition, offset: offset ? parseDecimal(offset) : undefined },
  ]
}

const readUnitCodes = () => {
  tables ??= {
    units: new Map(unitRows.split('\n').map(unitDefinitionRow)),
    prefixes: new Map(prefixRows.split('\n').map((line) => line.split('\t') as [string, string])),
  }
  return tables
}

/**
 * Returns the parts of a unit by its definition. A unit without a definition is a base unit: metre and gram, but also
 * units without any factor to further units (`[iU]`, `[pH]`).
 */
const defined = (code: string, { factor, definition, offset }: Row): UnitParts | undefined => {
  if (definition === '') return { ...one, powers: new Map([[code, 1]]) }
  const by = parse(definition)
  return by && { ...times(numberUnit(factor), by), ...(offset && { offset }) }
}

const atom = (code: string): UnitParts | undefined => {
  const { units, prefixes } = readUnitCodes()
  const row = units.get(code)
  if (row) return defined(code, row)
  for (const [prefix, factor] of prefixes) {
    const rest = code.startsWith(prefix) ? units.get(code.slice(prefix.length)) : undefined
    if (rest?.metric && !rest.offset) return multiple(factor, defined(code.slice(prefix.length), rest))
  }
  return undefined
}

const multiple = (factor: string, unit: UnitParts | undefined): UnitParts | undefined =>
  unit && times(numberUnit(factor), unit)

const symbol = /10[*^]|(?:\[[^\]]+\]|[^\s\d()+\-./{}[\]"=])+/y
const integer = /\d{1,12}/y
const power = /[+-]?\d{1,2}/y
const annotation = /\{[^{}]*\}/y

/** Reads a text from left to right, a pattern at a time. */
interface UnitReader {
  take(pattern: RegExp): string | undefined
  is(character: string): boolean
  atEnd(): boolean
}

const unitReader = (text: string): UnitReader => {
  let at = 0
  return {
    take: (pattern) => {
      pattern.lastIndex = at
      const [found] = pattern.exec(text) ?? []
      at += found?.length ?? 0
      return found
    },
    is: (character) => {
      if (text[at] !== character) return false
      at++
      return true
    },
    atEnd: () => at >= text.length,
  }
}

const unitComponent = (reader: UnitReader): UnitParts | undefined => {
  if (reader.is('(')) {
    const inner = term(reader)
    return reader.is(')') ? inner : undefined
  }
  const code = reader.take(symbol)
  if (code !== undefined) return annotated(reader, atom(code), Number(reader.take(power) ?? 1))
  const factor = reader.take(integer)
  if (factor !== undefined) return annotated(reader, number(BigInt(factor)), 1)
  return reader.take(annotation) === undefined ? undefined : one
}

/** Skips an annotation in braces, which names the counted thing and changes nothing, and raises the unit. */
const annotated = (reader: UnitReader, unit: UnitParts | undefined, to: number): UnitParts | undefined => {
  reader.take(annotation)
  return unit && (to === 1 ? unit : unit.offset ? undefined : raised(unit, to))
}

const term = (reader: UnitReader): UnitParts | undefined => {
  let unit = reader.is('/') ? divided(one, unitComponent(reader)) : unitComponent(reader)
  while (unit) {
    if (reader.is('.')) unit = joinedPowers(unit, unitComponent(reader))
    else if (reader.is('/')) unit = divided(unit, unitComponent(reader))
    else return unit
  }
  return undefined
}

/** The limits of a unit's factor, which no unit in use reaches. */
const longestFactor = 10n ** 150n
const largestExponent = 400

const sizeable = (unit: UnitParts): UnitParts | undefined => {
  const isHuge = unit.numerator > longestFactor || unit.denominator > longestFactor
  return isHuge || Math.abs(unit.exponent) > largestExponent ? undefined : unit
}

/** Multiplies two units; undefined if either has an offset, which has a meaning only in a unit by itself. */
const joinedPowers = (a: UnitParts, b: UnitParts | undefined): UnitParts | undefined =>
  b && !a.offset && !b.offset ? sizeable(times(a, b)) : undefined

const divided = (a: UnitParts, b: UnitParts | undefined): UnitParts | undefined =>
  b && !b.offset ? joinedPowers(a, raised(b, -1)) : undefined

const parse = (code: string): UnitParts | undefined => {
  const reader = unitReader(code)
  const unit = term(reader)
  return reader.atEnd() ? unit : undefined
}

const dimensionOf = (powers: ReadonlyMap<string, number>): string =>
  [...powers]
    .filter(([, to]) => to !== 0)
    .map(([base, to]) => (to === 1 ? base : `${base}${to}`))
    .sort()
    .join('.') || '1'

const divisor = (a: bigint, b: bigint): bigint => (b === 0n ? a : divisor(b, a % b))

const longestCode = 200

const readUnit = (code: string): Unit | undefined => {
  const whole = code.length <= longestCode ? parse(code) : undefined
  const parts = whole && sizeable(whole)
  if (!parts || parts.numerator === 0n || parts.denominator === 0n) return undefined
  const { powers, numerator, denominator, ...rest } = parts
  const common = divisor(numerator, denominator)
  return {
    dimension: dimensionOf(powers),
    ...rest,
    numerator: numerator / common,
    denominator: denominator / common,
  }
}

const mostKnownUnits = 2000
const knownUnits = new Map<string, Unit | undefined>()

/** Returns the unit of a UCUM code (case sensitive); undefined if the code is invalid. */
export const ucumUnitOf = (code: string): Unit | undefined => {
  if (knownUnits.has(code)) return knownUnits.get(code)
  if (knownUnits.size >= mostKnownUnits) knownUnits.clear()
  const unit = readUnit(code)
  knownUnits.set(code, unit)
  return unit
}

const digitCount = (value: bigint): number => (value < 0n ? -value : value).toString().length

/** The number of digits kept of a fraction that never ends, such as a minute in hours. */
const keptDigits = 40

const quotient = (numerator: bigint, denominator: bigint, exponent: number): Decimal => {
  if (denominator === 1n) return { coefficient: numerator, exponent }
  const common = divisor(numerator < 0n ? -numerator : numerator, denominator)
  const [above, below] = [numerator / common, denominator / common]
  const scale = finiteScale(below) ?? Math.max(keptDigits + digitCount(below) - digitCount(above), 0)
  const coefficient = (above * 10n ** BigInt(scale)) / below
  const cut = finiteScale(below) === undefined ? Math.max(digitCount(coefficient) - keptDigits, 0) : 0
  return { coefficient: coefficient / 10n ** BigInt(cut), exponent: exponent - scale + cut }
}

/** Returns the number of decimals of a fraction with this denominator; undefined if they never end. */
const finiteScale = (denominator: bigint): number | undefined => {
  const [twos, odd] = stripped(denominator, 2n)
  const [fives, rest] = stripped(odd, 5n)
  return rest === 1n ? Math.max(twos, fives) : undefined
}

const stripped = (value: bigint, prime: bigint): [count: number, rest: bigint] => {
  let [count, rest] = [0, value]
  for (; rest % prime === 0n; count++) rest /= prime
  return [count, rest]
}

const sumOfPowers = (a: Decimal, b: Decimal): Decimal => {
  const exponent = Math.min(a.exponent, b.exponent)
  const [left, right] = [a, b].map((each) => each.coefficient * 10n ** BigInt(each.exponent - exponent))
  return { coefficient: (left ?? 0n) + (right ?? 0n), exponent }
}

/**
 * Returns an amount of a unit in the unit's base units: exactly, or to 40 digits if the decimals never end. Larger
 * amounts never come out smaller.
 */
export const inBaseUnits = (amount: Decimal, unit: Unit): Decimal => {
  const { coefficient, exponent } = unit.offset ? sumOfPowers(amount, unit.offset) : amount
  return quotient(coefficient * unit.numerator, unit.denominator, exponent + unit.exponent)
}
