import { setTimeout as sleep } from 'node:timers/promises'

/** Seeded chance: the same seed gives the same numbers in the same order. */
export interface Chance {
  /** Returns a number from 0 up to, not including, 1. */
  next(): number
  /** Returns whether an event of this probability happens. */
  happens(probability: number): boolean
  /** Returns a whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number
  pick<Value>(values: readonly Value[]): Value
  /** Returns the values in another order. */
  shuffled<Value>(values: readonly Value[]): Value[]
}

/** Returns chance by the mulberry32 generator. */
export const seededChance = (seed: number): Chance => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const whole = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    happens: (probability) => next() < probability,
    whole,
    pick: (values) => values[whole(0, values.length - 1)] as (typeof values)[number],
    shuffled: (values) => {
      const mixed = [...values]
      for (let at = mixed.length - 1; at > 0; at--) {
        const other = whole(0, at)
        ;[mixed[at], mixed[other]] = [
          mixed[other] as (typeof mixed)[number],
          mixed[at] as (typeof mixed)[number],
        ]
      }
      return mixed
    },
  }
}

/**
 * Waits up to `longest` milliseconds, in half of the cases not at all, so that steps of further requests come in between.
 */
export const wander = async (chance: Chance, longest: number): Promise<void> => {
  if (longest > 0 && chance.happens(0.5)) await sleep(chance.next() * longest)
}
