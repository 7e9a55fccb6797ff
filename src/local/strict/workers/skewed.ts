import { seededChance } from '../chance.ts'

/** The skew of a process's clock. */
export interface ClockSkew {
  seed: number
  /** The most seconds that the clock is off, ahead or behind. */
  mostSeconds: number
  /** The longest time until the clock steps, in seconds of the monotonic clock. */
  stepSeconds: number
}

/** Returns a clock that steps to a new offset at random times of the monotonic clock. */
export const skewedClock = (
  { seed, mostSeconds, stepSeconds }: ClockSkew,
  wall: () => number,
  monotonic: () => number,
): (() => number) => {
  const chance = seededChance(seed)
  let until = Number.NEGATIVE_INFINITY
  let offset = 0
  return () => {
    if (monotonic() >= until) {
      until = monotonic() + 1_000 * stepSeconds * (0.1 + 0.9 * chance.next())
      offset = Math.round(1_000 * mostSeconds * (2 * chance.next() - 1))
    }
    return wall() + offset
  }
}

/** Returns a `Date` that reads another clock; dates with a given instant are unchanged. */
export const dateBy = (now: () => number, original: DateConstructor = Date): DateConstructor =>
  new Proxy(original, {
    apply: (target) => new target(now()).toString(),
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  })
