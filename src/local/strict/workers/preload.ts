/** Loaded into a worker before anything else: `CLOCK_SKEW` gives the process a clock of its own, timers and the monotonic clock left alone. */
import { dateBy, type Skew, skewedClock } from './skewed.ts'

const { CLOCK_SKEW } = process.env
if (CLOCK_SKEW) {
  const wall = Date.now
  const now = skewedClock(JSON.parse(CLOCK_SKEW) as Skew, wall, () => performance.now())
  const original = Date
  const own = dateBy(now, original)
  globalThis.Date = own
  Object.defineProperty(original.prototype, 'constructor', { value: own })
}
