import { raced } from '../outcome/messages.ts'
import { sleep } from '../store/parallel.ts'

const maxAttempts = 40
/** The time for attempts, in milliseconds of the monotonic clock: below the 29 s that API Gateway waits for an answer. */
const maxRetryMilliseconds = 15_000

const retryPause = (attempt: number): Promise<void> => sleep(Math.random() * Math.min(4 * 2 ** attempt, 200))

/** Tries until an attempt succeeds; each attempt must read everything again. Fails with `raced` after the last attempt. */
export const retryOnConflict = async <T>(attempt: () => Promise<T | undefined>): Promise<T> => {
  const until = performance.now() + maxRetryMilliseconds
  for (let i = 0; i < maxAttempts && performance.now() < until; i++) {
    const result = await attempt()
    if (result !== undefined) return result
    await retryPause(i)
  }
  throw raced()
}
