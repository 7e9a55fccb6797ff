/** The units of https://ucum.org from the library `@lhncbc/ucum-lhc`, each defined by further units. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

interface Table {
  config: readonly string[]
  data: readonly (readonly unknown[])[]
}

interface SourceUnit {
  csCode_: string
  csUnitString_: string | null
  baseFactorStr_: string | null
  isBase_: boolean
  isMetric_: boolean
  isSpecial_: boolean
  isArbitrary_: boolean
  source_: string
}

interface SourcePrefix {
  code_: string
  value_: number
  exp_: string | null
}

const unitRows = <T>({ config, data }: Table): T[] =>
  data.map((row) => Object.fromEntries(config.map((name, i) => [name, row[i]])) as T)

/** Factor, definition and offset of the temperatures, the only special units with a linear scale. */
const temperatures: Readonly<Record<string, readonly string[]>> = {
  Cel: ['1', 'K', '273.15'],
  '[degF]': ['5', 'K/9', '459.67'],
  '[degRe]': ['5', 'K/4', '218.52'],
}

/** The definitions from which the library's table leaves out an inverse or a number. */
const completedDefinitions: Readonly<Record<string, string>> = {
  '[diop]': '/m',
  '[mesh_i]': '/[in_i]',
  Bd: '/s',
  '[mu_0]': '4.[pi].10*-7.N/A2',
  Oe: '/[pi].A/m',
  '[S]': '10*-13.s',
}

const measuredBy = ({ csCode_: code, ...unit }: SourceUnit): readonly string[] => {
  const line = temperatures[code]
  if (line) return line
  if (unit.isBase_ || unit.isArbitrary_ || unit.isSpecial_)
    return ['1', unit.csUnitString_?.startsWith('[') ? unit.csUnitString_ : '']
  return [unit.baseFactorStr_ ?? '1', completedDefinitions[code] ?? unit.csUnitString_ ?? '']
}

const unitRow = (unit: SourceUnit): string =>
  [unit.csCode_, unit.isMetric_ || unit.isBase_ ? 'm' : '', ...measuredBy(unit)].join('\t')

/** Returns whether the unit is UCUM's own: units from other tables are made of these. */
const isOwn = ({ csCode_: code, source_: source }: SourceUnit): boolean => source === 'UCUM' && code !== '1'

/** Returns the tables of units and prefixes as a module's text. */
export const writeUnits = (): string => {
  const library = createRequire(import.meta.url).resolve('@lhncbc/ucum-lhc')
  const { units, prefixes } = JSON.parse(
    readFileSync(join(dirname(library), '../data/ucumDefs.min.json'), 'utf8'),
  ) as { units: Table; prefixes: Table }
  const rows = unitRows<SourceUnit>(units).filter(isOwn).map(unitRow)
  const multiples = unitRows<SourcePrefix>(prefixes).map(
    ({ code_, value_, exp_ }) => `${code_}\t${exp_ ? `1e${exp_}` : value_}`,
  )
  return `export const unitRows = ${JSON.stringify(rows.join('\n'))}
export const prefixRows = ${JSON.stringify(multiples.join('\n'))}
`
}
