/**
 * Units by table, index and partition key, and the limits on them:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html
 */
import type { HeatOptions } from '../options.ts'

export type UnitKind = 'read' | 'write'

/** A partition key of a table or index that a call reads or writes. */
export interface Touch {
  table: string
  index?: string
  /** Absent for a call without a partition key, such as a Scan. */
  key?: string
  kind: UnitKind
  /** The least units that the touch takes. */
  least: number
  /** Whether the touch takes no more than the least. */
  exact?: boolean
}

/** Units a second of a partition key, and of a new on-demand table or index. */
export const limits = { key: { read: 3_000, write: 1_000 }, table: { read: 12_000, write: 4_000 } } as const

/** The units that a partition key has taken. */
export interface Heat {
  table: string
  index?: string
  key: string
  kind: UnitKind
  units: number
  /** The most units of any second of the clock. */
  peak: number
}

/** Counts units, and refuses calls beyond the limits. */
export interface HeatMeter {
  /** Takes the least units of a call, or returns a touch whose bucket is empty. */
  admit(touches: readonly Touch[]): Touch | undefined
  /** Takes the units of a call beyond its least. */
  charge(touch: Touch, units: number): void
  /** Returns the keys with the highest peaks. */
  hottest(count: number): Heat[]
}

interface HeatBucket extends Heat {
  rate: number
  level: number
  filled: number
  second: number
  inSecond: number
}

/** The number of young buckets; above it the young become old, and old buckets untouched since are forgotten. */
const mostYoung = 100_000

/**
 * Buckets by name. The first key of the map is never asked for, since a map then steps over every key removed before it.
 */
const createBuckets = () => {
  let young = new Map<string, HeatBucket>()
  let old = new Map<string, HeatBucket>()
  return {
    get: (name: string): HeatBucket | undefined => young.get(name) ?? old.get(name),
    keep: (name: string, bucket: HeatBucket): void => {
      if (young.has(name)) return
      old.delete(name)
      young.set(name, bucket)
      if (young.size < mostYoung) return
      old = young
      young = new Map()
    },
    all: (): HeatBucket[] => [...old.values(), ...young.values()],
  }
}

/**
 * Returns a meter whose buckets hold the units of a second. DynamoDB also lends up to 300 seconds of unused units, but
 * only as best effort and not beyond a partition's limit, so the meter does not.
 */
export const createMeter = (options: () => HeatOptions, now: () => number): HeatMeter => {
  const buckets = createBuckets()
  const bucketOf = ({ table, index, key, kind }: Touch): HeatBucket => {
    const name = JSON.stringify([table, index, key, kind])
    const known = buckets.get(name)
    const rate = limits[key === undefined ? 'table' : 'key'][kind]
    const bucket: HeatBucket = known ?? {
      table,
      ...(index !== undefined && { index }),
      key: key ?? '',
      kind,
      ...{ units: 0, peak: 0, rate, level: rate, filled: now(), second: 0, inSecond: 0 },
    }
    buckets.keep(name, bucket)
    return bucket
  }
  const fill = (bucket: HeatBucket): void => {
    const { level, rate, filled } = bucket
    bucket.level = Math.min(rate, level + (rate * (now() - filled)) / 1_000)
    bucket.filled = now()
  }
  const take = (bucket: HeatBucket, units: number): void => {
    const second = Math.floor(now() / 1_000)
    bucket.inSecond = second === bucket.second ? bucket.inSecond + units : units
    bucket.second = second
    bucket.peak = Math.max(bucket.peak, bucket.inSecond)
    bucket.units += units
    bucket.level -= units
  }
  const both = (touch: Touch): HeatBucket[] => {
    const { key, ...table } = touch
    return key === undefined ? [bucketOf(table)] : [bucketOf(table), bucketOf(touch)]
  }
  const isLimited = ({ key }: Heat): boolean => options()[key === '' ? 'limitTables' : 'limitKeys']
  const charge = (touch: Touch, units: number): void => {
    for (const bucket of both(touch)) {
      fill(bucket)
      take(bucket, units)
    }
  }
  return {
    admit: (touches) => {
      const empty = touches.find((touch) =>
        both(touch).some((bucket) => {
          fill(bucket)
          return isLimited(bucket) && bucket.level <= 0
        }),
      )
      if (empty) return empty
      for (const touch of touches) charge(touch, touch.least)
      return undefined
    },
    charge,
    hottest: (count) =>
      buckets
        .all()
        .filter(({ key }) => key !== '')
        .sort((one, other) => other.peak / other.rate - one.peak / one.rate)
        .slice(0, count)
        .map(({ table, index, key, kind, units, peak }) => ({
          table,
          ...(index !== undefined && { index }),
          ...{ key, kind, units, peak },
        })),
  }
}
