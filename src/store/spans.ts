/** The class of an interval longer than a day: up to 32 days, up to 1,024 days, or beyond. */
export type SpanClass = '32d' | '1024d' | 'open'

const spanDay = 86_400_000

/** The longest interval of each class in milliseconds, shortest class first. */
export const spanLimits: readonly (readonly [SpanClass, number])[] = [
  ['32d', 32 * spanDay],
  ['1024d', 1024 * spanDay],
  ['open', Number.POSITIVE_INFINITY],
]

/**
 * Returns the class of an interval by its length in milliseconds; undefined for an interval without a side
 * list.
 */
export const spanClassOf = (milliseconds: number): SpanClass | undefined =>
  milliseconds <= spanDay ? undefined : spanLimits.find(([, limit]) => milliseconds <= limit)?.[0]
