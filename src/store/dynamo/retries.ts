/** Time limits and repetition of calls to DynamoDB and S3. */

import { isNetworkError } from '../engine-failure.ts'

/** All in milliseconds. */
export interface TimeLimits {
  /** For a connection to be made. */
  connection: number
  /** From sending a call until its answer begins, and between two pieces of the answer. */
  request: number
  /** From the first sending of a call until its last repetition begins, by the monotonic clock. */
  budget: number
}

/** A call ends after `budget` and another `request` at the latest: 10 s, well before the gateway's 29 s. */
export const usualLimits: TimeLimits = { connection: 1_000, request: 2_000, budget: 8_000 }

/** Objects are larger than items, and S3 is slower to begin. */
export const objectLimits: TimeLimits = { connection: 1_000, request: 4_000, budget: 8_000 }

/** Returns the options of an SDK's HTTP handler that hold a call to these limits. */
export const handlerOptions = ({ connection, request }: TimeLimits) => ({
  connectionTimeout: connection,
  requestTimeout: request,
  socketTimeout: request,
  throwOnRequestTimeout: true,
})

/** The state of a call in the SDK's retry strategy. */
interface RetryToken {
  began: number
  getRetryCount(): number
  getRetryDelay(): number
}

const retryToken = (began: number, count: number, delay: number): RetryToken => ({
  began,
  getRetryCount: () => count,
  getRetryDelay: () => delay,
})

/** Refused without effect because of a transaction under way on the same item, also where the call is a plain write. */
const isContended = (error: unknown): boolean =>
  error instanceof Error && error.name === 'TransactionConflictException'

const mostCallAttempts = 10
const longestDelay = 1_000

/** Spread from nothing up to twice as much each time, so that many who wait do not come back together. */
const delayBefore = (retry: number): number => Math.random() * Math.min(50 * 2 ** retry, longestDelay)

interface Failing {
  error?: unknown
  errorType: string
}

const isRetried = ({ error, errorType }: Failing): boolean =>
  errorType === 'THROTTLING' || errorType === 'TRANSIENT' || isNetworkError(error) || isContended(error)

/**
 * Returns the SDK's retry strategy: repeats temporary failures until the budget is used up, then fails with
 * the last error.
 */
export const retryStrategyOf = ({ budget }: TimeLimits, now: () => number = () => performance.now()) => ({
  mode: 'standard',
  acquireInitialRetryToken: async (): Promise<RetryToken> => retryToken(now(), 0, 0),
  refreshRetryTokenForRetry: async (last: RetryToken | object, failing: Failing): Promise<RetryToken> => {
    const { began, getRetryCount } = last as RetryToken
    const retry = getRetryCount() + 1
    const delay = delayBefore(retry)
    if (!isRetried(failing) || retry >= mostCallAttempts || now() - began + delay > budget)
      throw new Error('The call is not repeated any more.')
    return retryToken(began, retry, delay)
  },
  recordSuccess: (): void => undefined,
})
