import { raced } from '../outcome/messages.ts'
import { sleep } from '../store/parallel.ts'

const mostAttempts = 40
/** Stays below the time that API Gateway waits for an answer, 29 s; in milliseconds of the monotonic clock. */
const patience = 15_000

const pause = (attempt: number): Promise<void> => sleep(Math.random() * Math.min(4 * 2 ** attempt, 200))

/** Tries until an attempt wins its race; what it read before must be read anew by each attempt. */
export const retryOnConflict = async <T>(attempt: () => Promise<T | undefined>): Promise<T> => {
  const until = performance.now() + patience
  for (let i = 0; i < mostAttempts && performance.now() < until; i++) {
    const result = await attempt()
    if (result !== undefined) return result
    await pause(i)
  }
  throw raced()
}
