import { expect, test } from 'vitest'
import { dateBy, skewedClock } from '../../../../src/local/strict/workers/skewed.ts'

test('a skewed clock steps forward and back within its bounds, the same by the same seed', () => {
  const run = (seed: number): number[] => {
    let monotonic = 0
    const now = skewedClock(
      { seed, mostSeconds: 300, stepSeconds: 10 },
      () => 1e12 + monotonic,
      () => monotonic,
    )
    return Array.from({ length: 500 }, () => {
      monotonic += 1_000
      return now() - 1e12 - monotonic
    })
  }
  const offsets = run(7)
  expect(run(7)).toEqual(offsets)
  expect(run(8)).not.toEqual(offsets)
  for (const offset of offsets) expect(Math.abs(offset)).toBeLessThanOrEqual(300_000)
  const steps = offsets.slice(1).map((offset, at) => offset - (offsets[at] ?? 0))
  expect(Math.max(...steps)).toBeGreaterThan(300_000)
  expect(Math.min(...steps)).toBeLessThan(-300_000)
  expect(steps.filter((step) => step === 0).length).toBeGreaterThan(250)
})

test('a date by another clock differs where nothing is given, and is a date all the same', () => {
  const Other = dateBy(() => 1_000)
  expect([new Other().getTime(), Other.now(), Date.parse(Other())]).toEqual([1_000, 1_000, 1_000])
  expect(new Other(5).getTime()).toBe(5)
  expect(new Other('2020-01-02T03:04:05Z').toISOString()).toBe('2020-01-02T03:04:05.000Z')
  expect(Other.UTC(1970, 0, 1)).toBe(0)
  expect(new Date()).toBeInstanceOf(Other)
  expect(new Other()).toBeInstanceOf(Date)
})
