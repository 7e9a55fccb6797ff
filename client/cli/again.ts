import { setTimeout as sleep } from 'node:timers/promises'
import { statusOf } from './reasons.ts'

/** These mean that another try may do. */
const transient = [409, 429, 503, 504]

/** Runs a request, and runs it again where the server only asks for patience: five times at the most. */
export const again = async <Result>(request: () => Promise<Result>, attempt = 0): Promise<Result> => {
  try {
    return await request()
  } catch (error) {
    if (attempt >= 4 || !transient.includes(statusOf(error) ?? 0)) throw error
    await sleep(200 * 2 ** attempt)
    return again(request, attempt + 1)
  }
}
