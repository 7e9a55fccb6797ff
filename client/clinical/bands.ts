import type { Range } from './range.ts'

/** One usual adult range for one unit; a value in another unit has none, because nothing is converted. */
interface Band {
  kind: string
  part: string
  units: readonly string[]
  range: Range
}

const band = (kind: string, part: string, units: readonly string[], range: Range): Band => ({
  kind,
  part,
  units,
  range,
})

const usual = (low: number, high: number, says: string, highFrom?: number): Range => ({
  low,
  high,
  ...(highFrom === undefined ? {} : { highFrom }),
  text: `${low}–${high}`,
  source: `usual adult range (${says})`,
})

const mercury = ['mm[Hg]', 'mmHg']
const perMinute = ['/min', '{beats}/min', 'beats/min', '{breaths}/min', 'breaths/min', 'bpm']

const bands: readonly Band[] = [
  band('blood-pressure', 'Systolic', mercury, usual(90, 139, 'NHS', 140)),
  band('blood-pressure', 'Diastolic', mercury, usual(60, 89, 'NHS', 90)),
  band('heart-rate', '', perMinute, usual(60, 100, 'AHA, at rest')),
  band('respiration', '', perMinute, usual(12, 20, 'at rest')),
  band('oxygen-saturation', '', ['%'], usual(95, 100, 'WHO, breathing air')),
  band('temperature', '', ['Cel', '°C', 'C'], usual(36.1, 37.2, 'oral')),
  band('temperature', '', ['[degF]', '°F', 'F'], usual(97, 99, 'oral')),
  band('bmi', '', ['kg/m2', 'kg/m²'], usual(18.5, 24.9, 'WHO', 25)),
]

/** The age from which the adult bands apply. */
export const adultAge = 18

/** Returns the usual adult range for a vital sign in a unit; none for children and for units not listed. */
export const adultRange = (kind: string, part: string, unit: string, age: number): Range | undefined =>
  age >= adultAge
    ? bands.find((each) => each.kind === kind && each.part === part && each.units.includes(unit))?.range
    : undefined
