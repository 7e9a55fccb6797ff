/** How far an interval reaches that is longer than one day: up to 32 days, up to 1,024 days, or beyond. */
export type SpanClass = '32d' | '1024d' | 'open'

const day = 86_400_000

/** The longest interval of each class in milliseconds, shortest class first. */
export const spanLimits: readonly (readonly [SpanClass, number])[] = [
  ['32d', 32 * day],
  ['1024d', 1024 * day],
  ['open', Number.POSITIVE_INFINITY],
]

/** Returns the class of an interval of so many milliseconds, or undefined for one that needs no side list. */
export const spanClassOf = (milliseconds: number): SpanClass | undefined =>
  milliseconds <= day ? undefined : spanLimits.find(([, limit]) => milliseconds <= limit)?.[0]
