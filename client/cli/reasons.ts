// https://hl7.org/fhir/R4/operationoutcome.html
import type { OperationOutcome } from 'fhir/r4.js'

interface HttpError extends Error {
  response: { status: number; data: unknown }
}

/** Returns the HTTP status that a failed request was answered with; undefined when there was no answer. */
export const statusOf = (error: unknown): number | undefined =>
  isHttpError(error) ? error.response.status : undefined

/** Returns why a request failed, one line for each issue of the server's OperationOutcome. */
export const reasonsOf = (error: unknown): string[] => {
  if (isHttpError(error)) {
    const issues = issuesOf(error.response.data)
    return issues.length > 0 ? issues : [`The server answered ${error.response.status}.`]
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return [unreachable(cause) ?? (cause instanceof Error ? cause.message : String(cause))]
}

/** Returns the errors of an OperationOutcome, each with the element it is about. */
export const issuesOf = (outcome: unknown): string[] => {
  if (!isOutcome(outcome)) return []
  return outcome.issue
    .filter((issue) => issue.severity === 'error' || issue.severity === 'fatal')
    .map((issue) => {
      const text = issue.diagnostics ?? issue.details?.text ?? issue.code
      return issue.expression?.[0] ? `${issue.expression[0]}: ${text}` : text
    })
}

const isHttpError = (error: unknown): error is HttpError =>
  error instanceof Error && 'response' in error && typeof (error as HttpError).response.status === 'number'

const isOutcome = (value: unknown): value is OperationOutcome =>
  typeof value === 'object' &&
  value !== null &&
  'resourceType' in value &&
  value.resourceType === 'OperationOutcome'

const unreachable = (cause: unknown): string | undefined => {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  const refused = ['ECONNREFUSED', 'ENOTFOUND', 'ECONNRESET', 'EAI_AGAIN', 'UND_ERR_SOCKET'].includes(code)
  return refused
    ? `The server could not be reached (${code}). Is it running, and is --base or PILOTLIGHT_URL right?`
    : undefined
}
