import { seededChance } from '../chance.ts'

/** How a process's clock is off. */
export interface Skew {
  seed: number
  /** The farthest that the clock is off, ahead or behind, in seconds. */
  mostSeconds: number
  /** The longest time until the clock steps, in seconds of the monotonic clock. */
  stepSeconds: number
}

/** Returns a clock that is off by another amount after each step, and that the monotonic clock drives in between. */
export const skewedClock = (
  { seed, mostSeconds, stepSeconds }: Skew,
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

/** Returns a `Date` that reads another clock; dates that are given their instant stay as they are. */
export const dateBy = (now: () => number, original: DateConstructor = Date): DateConstructor =>
  new Proxy(original, {
    apply: (target) => new target(now()).toString(),
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  })
