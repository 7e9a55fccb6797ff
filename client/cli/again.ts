import { setTimeout as sleep } from 'node:timers/promises'
import { statusOf } from './reasons.ts'

/** These mean that another try may do. */
const transient: ReadonlySet<number> = new Set([409, 429, 503, 504])

const usualAttempts = 5

/**
 * So long a request is repeated under its key once it has been answered with 504, in milliseconds. The attempt that was cut
 * off holds the key until the server has watched it for 30 s, and answers 409 meanwhile.
 */
const patience = 120_000

/** The parts that a test may replace. */
interface Time {
  now(): number
  sleep(milliseconds: number): Promise<unknown>
}

const realTime: Time = { now: () => performance.now(), sleep }

const pauseBefore = (attempt: number): number => Math.min(200 * 2 ** attempt, 5_000)

/**
 * Runs a request, and runs it again where the server only asks for patience: five times at the most. One that is `keyed` is
 * done once however often it is sent: after a 504 it is repeated for two minutes.
 */
export const again = async <Result>(
  request: () => Promise<Result>,
  keyed = false,
  { now, sleep }: Time = realTime,
): Promise<Result> => {
  let until = 0
  for (let attempt = 0; ; attempt++) {
    try {
      return await request()
    } catch (error) {
      const status = statusOf(error) ?? 0
      if (keyed && status === 504) until ||= now() + patience
      const mayTry = attempt + 1 < usualAttempts || now() < until
      if (!transient.has(status) || !mayTry) throw error
      await sleep(pauseBefore(attempt))
    }
  }
}
