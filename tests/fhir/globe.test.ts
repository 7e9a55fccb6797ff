import { describe, expect, test } from 'vitest'
import { cellOf, cellsAround, distance, type Position } from '../../src/fhir/values/globe.ts'

/** Points all around a place, each just within so many metres of it. */
const rim = ({ latitude, longitude }: Position, metres: number): Position[] =>
  Array.from({ length: 72 }, (_, i) => {
    const [angle, turn] = [(metres * 0.999) / 6_371_008.8, (i / 36) * Math.PI]
    const up = (latitude / 180) * Math.PI
    const north = Math.asin(Math.sin(up) * Math.cos(angle) + Math.cos(up) * Math.sin(angle) * Math.cos(turn))
    const east = Math.atan2(
      Math.sin(turn) * Math.sin(angle) * Math.cos(up),
      Math.cos(angle) - Math.sin(up) * Math.sin(north),
    )
    const wide = longitude + (east / Math.PI) * 180
    return { latitude: (north / Math.PI) * 180, longitude: ((((wide + 180) % 360) + 360) % 360) - 180 }
  })

const munich = { latitude: 48.1375, longitude: 11.575 }

describe('the globe', () => {
  test('is as far from Munich to Paris as a sphere of its mean radius makes it', () => {
    expect(distance(munich, { latitude: 48.8566, longitude: 2.3522 }) / 1000).toBeCloseTo(683.8, 0)
    expect(distance({ latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 })).toBeCloseTo(
      111_195,
      0,
    )
  })

  test('has cells named as everybody names them', () => {
    expect(cellOf({ latitude: 57.64911, longitude: 10.40744 })).toBe('u4pruydqqv')
    expect(cellOf({ latitude: -90, longitude: -180 })).toBe('0000000000')
    expect(cellOf({ latitude: 90, longitude: 180 })).toBe('zzzzzzzzzz')
  })

  test.each([
    [munich, 0],
    [munich, 10],
    [munich, 25_000],
    [munich, 900_000],
    [{ latitude: -16.5, longitude: 179.999 }, 40_000],
    [{ latitude: 0, longitude: 0 }, 5000],
    [{ latitude: 89.99, longitude: 77 }, 30_000],
    [{ latitude: -80, longitude: -179 }, 700_000],
  ])('around %o within %d metres lies in at most twelve cells', (centre, metres) => {
    const cells = cellsAround(centre, metres) ?? ['']
    expect(cells.length).toBeLessThanOrEqual(12)
    const outside = [centre, ...rim(centre, metres)].filter(
      (position) => !cells.some((cell) => cellOf(position).startsWith(cell)),
    )
    expect(outside).toEqual([])
  })

  test('is not asked for cells where all of it is near', () => {
    expect(cellsAround(munich, 20_000_000)).toBeUndefined()
  })
})
