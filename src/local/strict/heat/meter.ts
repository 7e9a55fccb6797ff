/**
 * Units by table, index and partition key, and the limits on them:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html
 */
import type { HeatOptions } from '../options.ts'

export type Kind = 'read' | 'write'

/** A partition key of a table, or of one of its indexes, that a call reads or writes. */
export interface Touch {
  table: string
  index?: string
  /** Absent where a call, as a Scan, has no one key. */
  key?: string
  kind: Kind
  /** Units that it takes at least. */
  least: number
  /** Whether the least is all. */
  exact?: boolean
}

/** Units a second that one partition gives, and a new on-demand table or index. */
export const limits = { key: { read: 3_000, write: 1_000 }, table: { read: 12_000, write: 4_000 } } as const

/** What a key has taken. */
export interface Heat {
  table: string
  index?: string
  key: string
  kind: Kind
  units: number
  /** The most units of any second of the clock. */
  peak: number
}

/** Counts units, and says where there are too many. */
export interface Meter {
  /** Takes the least units of a call, or returns a touch that there are no units left for. */
  admit(touches: readonly Touch[]): Touch | undefined
  /** Takes what a call took beyond its least. */
  charge(touch: Touch, units: number): void
  /** Returns the keys with the highest peaks. */
  hottest(count: number): Heat[]
}

interface Bucket extends Heat {
  rate: number
  level: number
  filled: number
  second: number
  inSecond: number
}

/** So many keys are young; beyond that the young become the old, and the old are forgotten that nothing has touched since. */
const mostYoung = 100_000

/** Buckets by name. Never the first key of a map is asked for: a map steps over every key that was removed before it. */
const createBuckets = () => {
  let young = new Map<string, Bucket>()
  let old = new Map<string, Bucket>()
  return {
    get: (name: string): Bucket | undefined => young.get(name) ?? old.get(name),
    keep: (name: string, bucket: Bucket): void => {
      if (young.has(name)) return
      old.delete(name)
      young.set(name, bucket)
      if (young.size < mostYoung) return
      old = young
      young = new Map()
    },
    all: (): Bucket[] => [...old.values(), ...young.values()],
  }
}

/**
 * Returns a meter whose buckets hold what one second gives. That DynamoDB lends up to 300 seconds of what was not used is passed
 * over, for it is best effort, and does not lift what a partition gives.
 */
export const createMeter = (options: () => HeatOptions, now: () => number): Meter => {
  const buckets = createBuckets()
  const bucketOf = ({ table, index, key, kind }: Touch): Bucket => {
    const name = JSON.stringify([table, index, key, kind])
    const known = buckets.get(name)
    const rate = limits[key === undefined ? 'table' : 'key'][kind]
    const bucket: Bucket = known ?? {
      table,
      ...(index !== undefined && { index }),
      key: key ?? '',
      kind,
      ...{ units: 0, peak: 0, rate, level: rate, filled: now(), second: 0, inSecond: 0 },
    }
    buckets.keep(name, bucket)
    return bucket
  }
  const fill = (bucket: Bucket): void => {
    const { level, rate, filled } = bucket
    bucket.level = Math.min(rate, level + (rate * (now() - filled)) / 1_000)
    bucket.filled = now()
  }
  const take = (bucket: Bucket, units: number): void => {
    const second = Math.floor(now() / 1_000)
    bucket.inSecond = second === bucket.second ? bucket.inSecond + units : units
    bucket.second = second
    bucket.peak = Math.max(bucket.peak, bucket.inSecond)
    bucket.units += units
    bucket.level -= units
  }
  const both = (touch: Touch): Bucket[] => {
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
