import { readFileSync } from 'node:fs'
import ucum from '@lhncbc/ucum-lhc'
import { describe, expect, test } from 'vitest'
import { compareDecimals, parseDecimal, sortableDecimal } from '../../src/fhir/values/decimal.ts'
import { inBaseUnits, type Unit, ucumUnitOf } from '../../src/fhir/values/units.ts'

const library = ucum.UcumLhcUtils.getInstance()

const { units } = JSON.parse(
  readFileSync('node_modules/@lhncbc/ucum-lhc/data/ucumDefs.min.json', 'utf8'),
) as { units: { config: string[]; data: unknown[][] } }

/** Every unit the library has a name for, the compound ones included; two of its codes end in a blank. */
const codes = units.data
  .map((row) => String(row[units.config.indexOf('csCode_')]))
  .filter((code) => code === code.trim())

const known = (code: string): Unit => {
  const unit = ucumUnitOf(code)
  if (!unit) throw new Error(`${code} is unknown`)
  return unit
}

const decimal = (text: string) => parseDecimal(text) ?? { coefficient: 0n, exponent: 0 }

const written = (amount: string, code: string): string =>
  sortableDecimal(inBaseUnits(decimal(amount), known(code)))

const asNumber = ({ coefficient, exponent }: ReturnType<typeof decimal>): number =>
  Number(`${coefficient}e${exponent}`)

/** By so much the first is more than the second, as the library converts. */
const ratio = (from: string, to: string): number | undefined =>
  library.convertUnitTo(from, 1, to).toVal ?? undefined

describe('units', () => {
  test('are known all that the library has a name for', () => {
    expect(codes.filter((code) => ucumUnitOf(code) === undefined)).toEqual([])
  })

  test('lead to each other by the factors that the library has', () => {
    const isLine = (code: string): boolean =>
      !/^(%\[slope\]|\[p'diop\]|\[pH\]|\[hp'|B$|B\[|dB|Np|bit_s|\[m\/s2)/.test(code)
    // The library makes a low power field as large as a high power field.
    const plain = codes.filter((code) => isLine(code) && !known(code).offset && !code.includes('[LPF]'))
    const byDimension = Map.groupBy(plain, (code) => known(code).dimension)
    const wrong: string[] = []
    for (const [, [first = '', ...others]] of byDimension)
      for (const other of others) {
        const factor = ratio(other, first)
        const own =
          asNumber(inBaseUnits(decimal('1'), known(other))) /
          asNumber(inBaseUnits(decimal('1'), known(first)))
        // What it calls arbitrary it does not convert, whatever the prefix; it inverts a few as it converts.
        if (factor !== undefined && Math.abs(own / factor - 1) > 1e-9 && Math.abs(own * factor - 1) > 1e-9)
          wrong.push(`${other} in ${first}: ${own}, not ${factor}`)
      }
    expect(wrong).toEqual([])
  })

  test('come out alike, to the last digit, however an amount is written', () => {
    expect(written('5', 'mg')).toBe(written('0.005', 'g'))
    expect(written('5.4', 'mg/dL')).toBe(written('0.054', 'g/L'))
    expect(written('120', 'mm[Hg]')).toBe(written('12', 'cm[Hg]'))
    expect(written('5', '/min')).toBe(written('300', '/h'))
    expect(written('1', '/min')).toBe(written('1', '{beat}/min'))
    expect(written('98.6', '[degF]')).toBe(written('37', 'Cel'))
    expect(written('-40', '[degF]')).toBe(written('-40.0', 'Cel'))
    expect(written('1', '10*3/uL')).toBe(written('1', '10*9/L'))
    expect(written('12', '[in_i]')).toBe(written('1', '[ft_i]'))
    expect(written('1', 'k[IU]/L')).toBe(written('1', 'm[iU]/uL'))
    expect(written('1', 'mg/(24.h)')).toBe(written('1', 'mg/d'))
  })

  test('keep the order of amounts where the decimals never end', () => {
    const amounts = ['-1', '0', '1', '1.0000000000000000000001', '2', '7', '60']
    const base = amounts.map((amount) => inBaseUnits(decimal(amount), known('/min')))
    expect(base.toSorted(compareDecimals)).toEqual(base)
    expect(new Set(base.map(sortableDecimal)).size).toBe(amounts.length)
  })

  test('of one dimension are told from those of another', () => {
    expect(known('mg').dimension).toBe('g')
    expect(known('mmol/L').dimension).toBe('m-3')
    expect(known('[iU]').dimension).not.toBe(known("[arb'U]").dimension)
    expect(known('[pH]').dimension).not.toBe(known('mol/L').dimension)
    expect(known('%').dimension).toBe('1')
  })

  test('are none that UCUM does not make', () => {
    const none = [
      '',
      '/',
      'mmHg',
      'a//b',
      'mg/',
      '(mg',
      'mg)',
      'mg dL',
      'Cel/min',
      'Cel2',
      'k[degF]',
      '0',
      '/0',

      'kkg',
    ]
    expect(none.filter((code) => ucumUnitOf(code))).toEqual([])
    expect(ucumUnitOf('m99.m99')).toBeDefined()
    expect(ucumUnitOf('Ym99.Ym99.Ym99')).toBeUndefined()
    expect(ucumUnitOf('mol99/mol98.'.repeat(16).slice(0, -1))).toBeUndefined()
    expect(ucumUnitOf('/[in_i]99'.repeat(22))).toBeUndefined()
    expect(ucumUnitOf(`${'('.repeat(150)}m${')'.repeat(150)}`)).toBeUndefined()
  })
})
