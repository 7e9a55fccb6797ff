/** https://hl7.org/fhir/R4/location.html#search — the only parameter of type special that has values. */

import type { TypedValue } from '../../fhir/definitions.ts'
import { isObject } from '../../fhir/json/object.ts'
import { parseDecimal } from '../../fhir/values/decimal.ts'
import { cellOf, cellsAround, distance, type Position } from '../../fhir/values/globe.ts'
import { inBaseUnits, ucumUnitOf } from '../../fhir/values/units.ts'
import { splitEscaped } from '../parse/escapes.ts'
import type { NearValue } from '../query.ts'
import { rowNamed } from '../rows.ts'
import type { SearchRules } from './rules.ts'

/** The distance of a search that gives no distance, in metres. */
const usualDistance = 25_000

/** As the specification and people write them, beside the codes of UCUM. */
const spoken: Readonly<Record<string, string>> = { kms: 'km', mi: '[mi_i]', mile: '[mi_i]', miles: '[mi_i]' }

const numberIn = (text: string, least: number, most: number): number | undefined => {
  const value = parseDecimal(text) ? Number(text) : Number.NaN
  return value >= least && value <= most ? value : undefined
}

const metresOf = (amount: string, unit: string): number | undefined => {
  const [decimal, length] = [parseDecimal(amount), ucumUnitOf(rowNamed(spoken, unit) ?? unit)]
  if (!decimal || decimal.coefficient < 0n || length?.dimension !== 'm') return undefined
  const { coefficient, exponent } = inBaseUnits(decimal, length)
  return Number(`${coefficient}e${exponent}`)
}

const parseNear = (text: string): NearValue | undefined => {
  const [north = '', east = '', amount, unit, ...rest] = splitEscaped(text, '|')
  const [latitude, longitude] = [numberIn(north, -90, 90), numberIn(east, -180, 180)]
  const metres = amount ? metresOf(amount, unit || 'km') : usualDistance
  return latitude === undefined || longitude === undefined || metres === undefined || rest.length > 0
    ? undefined
    : { type: 'near', latitude, longitude, metres }
}

const isDegrees = (value: unknown, most: number): value is number =>
  typeof value === 'number' && Math.abs(value) <= most

/** A position beyond the poles or the date line is ignored. */
const positionOf = ({ value }: TypedValue): Position | undefined => {
  if (!isObject(value)) return undefined
  const { latitude, longitude } = value
  return isDegrees(latitude, 90) && isDegrees(longitude, 180) ? { latitude, longitude } : undefined
}

export const nearRules: SearchRules<NearValue> = {
  expects:
    'latitude, longitude and perhaps distance and its unit, such as `-83.694810|42.256500|11.20|km` or `42.25|-83.69`',
  parse: parseNear,
  places: (found) => {
    const position = positionOf(found)
    return position ? [{ kind: 'text', text: cellOf(position) }] : []
  },
  modifiers: {
    '': {
      matches: (wanted, found) => {
        const position = positionOf(found)
        return position !== undefined && distance(wanted, position) <= wanted.metres
      },
      reach: (wanted) => cellsAround(wanted, wanted.metres)?.map((text) => ({ kind: 'text', text })),
    },
  },
  refused: [],
}
