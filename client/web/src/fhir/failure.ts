import type { OperationOutcome, OperationOutcomeIssue } from 'fhir/r4.js'

/** An answer that is not what was asked for: the status (0 when there was no answer) and what the server said. */
export class RequestFailure extends Error {
  readonly status: number
  readonly issues: readonly OperationOutcomeIssue[]
  readonly requestId: string | undefined

  constructor(status: number, body: unknown, requestId?: string) {
    super(describe(status, issuesOf(body)))
    this.name = 'RequestFailure'
    this.status = status
    this.issues = issuesOf(body)
    this.requestId = requestId
  }
}

/** Returns the issues of an OperationOutcome; none when the body is something else. */
export const issuesOf = (body: unknown): readonly OperationOutcomeIssue[] => {
  const outcome = body as Partial<OperationOutcome> | undefined
  return outcome?.resourceType === 'OperationOutcome' ? (outcome.issue ?? []) : []
}

/** Returns what an issue says to a reader. */
export const issueText = (issue: OperationOutcomeIssue): string =>
  issue.diagnostics ?? issue.details?.text ?? issue.code

const plain: Record<number, string> = {
  0: 'The server did not answer. Check the connection and try again.',
  401: 'The sign-in has ended.',
  403: 'You are not allowed to do this.',
  404: 'There is no such record.',
  410: 'This record was deleted.',
  413: 'This is more than the server takes at once.',
  429: 'The server is busy. Try again in a moment.',
  503: 'The server is busy. Try again in a moment.',
}

const describe = (status: number, issues: readonly OperationOutcomeIssue[]): string => {
  const said = issues.map(issueText).join(' ')
  return said || (plain[status] ?? `The server answered ${status}.`)
}

/** Returns whether a request ended because the page no longer wants its answer. */
export const isAbort = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'AbortError'
