/** A seeded source of chance: equal seeds give equal numbers on every machine, unlike Math.random. */
export interface Dice {
  /** Returns a number from 0 inclusive to 1 exclusive. */
  roll(): number
  /** Returns a number between two bounds. */
  between(low: number, high: number): number
  /** Returns a whole number between two bounds, both inclusive. */
  whole(low: number, high: number): number
  /** Returns a number around a mean, never further off than 3.5 deviations. */
  around(mean: number, deviation: number): number
  /** Returns true with the given probability. */
  chance(probability: number): boolean
  /** Returns an item of a list. */
  pick<T>(items: readonly T[]): T
}

const scramble = (value: number): number => {
  let bits = value | 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}

const combine = (numbers: readonly number[]): number =>
  numbers.reduce((state, number) => scramble(state ^ scramble(number + 0x9e3779b9)), 0x2545f491)

/** Returns a function that yields 32-bit numbers without a visible order (the splitmix construction). */
const bitStream = (seed: number): (() => number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    return scramble(state) >>> 0
  }
}

/** Returns dice that depend on all the given numbers: a seed, an index, a purpose. */
export const dice = (...seeds: readonly number[]): Dice => {
  const bits = bitStream(combine(seeds))
  const roll = () => bits() / 2 ** 32
  return {
    roll,
    between: (low, high) => low + roll() * (high - low),
    whole: (low, high) => low + Math.floor(roll() * (high - low + 1)),
    around: (mean, deviation) => mean + deviation * (roll() + roll() + roll() + roll() - 2) * Math.sqrt(3),
    chance: (probability) => roll() < probability,
    pick: (items) => items[Math.floor(roll() * items.length)] as (typeof items)[number],
  }
}

/** Returns a 64-bit name of the given numbers as 16 hexadecimal digits. */
export const hexName = (...seeds: readonly number[]): string => {
  const bits = bitStream(combine(seeds))
  return bits().toString(16).padStart(8, '0') + bits().toString(16).padStart(8, '0')
}
