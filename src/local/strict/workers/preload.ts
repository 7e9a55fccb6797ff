/**
 * The preload of a worker: `CLOCK_SKEW` gives the process a skewed wall clock; timers and the monotonic clock are
 * unchanged.
 */
import { type ClockSkew, dateBy, skewedClock } from './skewed.ts'

const { CLOCK_SKEW } = process.env
if (CLOCK_SKEW) {
  const wall = Date.now
  const now = skewedClock(JSON.parse(CLOCK_SKEW) as ClockSkew, wall, () => performance.now())
  const original = Date
  const own = dateBy(now, original)
  globalThis.Date = own
  Object.defineProperty(original.prototype, 'constructor', { value: own })
}
