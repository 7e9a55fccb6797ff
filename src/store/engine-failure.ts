import { Failure, failure } from '../outcome/failure.ts'

/** The error names by which DynamoDB and S3 throttle. */
const throttlingErrors: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
])

/**
 * The names of temporary errors: of the service, of competing transactions, and of credentials that are
 * renewed.
 */
const temporaryErrors: ReadonlySet<string> = new Set([
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
const networkErrors: ReadonlySet<string> = new Set([
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
  error instanceof Error && networkErrors.has(String((error as EngineError).code))

/**
 * Returns an engine's error as a failure for the caller: 429 and 503 for temporary errors. Returns refused
 * conditions and faults of ours unchanged.
 */
export const engineFailure = (error: unknown): unknown => {
  if (!(error instanceof Error) || error instanceof Failure) return error
  const { name, $metadata } = error as EngineError
  if (throttlingErrors.has(name))
    return failure('throttled', 'The database is at its limit. Try again in a moment.')
  if (temporaryErrors.has(name) || isNetworkError(error) || ($metadata?.httpStatusCode ?? 0) >= 500)
    return failure('busy', 'The database or the archive did not answer. Try again in a moment.')
  return error
}
