import { Failure, failure } from '../outcome/failure.ts'

/** Names by which DynamoDB and S3 say that they are at their limit. */
const throttled: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
])

/** Names of errors that pass by themselves: the service's, of other transactions, and of credentials that are renewed. */
const passing: ReadonlySet<string> = new Set([
  'InternalServerError',
  'InternalError',
  'ServiceUnavailable',
  'SlowDown',
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'RequestExpired',
  'InvalidSignatureException',
  'ExpiredToken',
  'ExpiredTokenException',
  'UnrecognizedClientException',
  'TransactionConflictException',
  'TransactionInProgressException',
])

/** https://nodejs.org/api/errors.html#common-system-errors */
const network: ReadonlySet<string> = new Set([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
])

interface EngineError extends Error {
  code?: unknown
  $metadata?: { httpStatusCode?: number | undefined } | undefined
}

/** Returns whether an error says that a connection was not made, broke, or gave no answer in time. */
export const isNetworkError = (error: unknown): boolean =>
  error instanceof Error && network.has(String((error as EngineError).code))

/**
 * Returns an engine's error as the caller is to see it: 429 and 503 for what passes by itself. Everything else comes back as
 * it is: refused conditions, which the store understands, and what is a fault of ours.
 */
export const engineFailure = (error: unknown): unknown => {
  if (!(error instanceof Error) || error instanceof Failure) return error
  const { name, $metadata } = error as EngineError
  if (throttled.has(name)) return failure('throttled', 'The database is at its limit. Try again in a moment.')
  if (passing.has(name) || isNetworkError(error) || ($metadata?.httpStatusCode ?? 0) >= 500)
    return failure('busy', 'The database or the archive did not answer. Try again in a moment.')
  return error
}
