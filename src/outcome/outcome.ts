/** https://hl7.org/fhir/R4/operationoutcome.html */

import { Failure, failureKinds, type Issue, type KindName, type LogLevel, type Severity } from './failure.ts'

/** The code system of our own failure kinds, in `issue.details`: stable, where diagnostics may be reworded. */
export const kindSystem = 'urn:pilotlight:failure'

export interface OperationOutcome {
  resourceType: 'OperationOutcome'
  issue: {
    severity: Severity
    code: string
    details: { coding: { system: string; code: KindName }[] }
    diagnostics: string
    expression?: string[]
  }[]
}

/**
 * Replaces characters that neither a FHIR string nor XML can contain, and halves of cut characters: messages quote the
 * client's text.
 */
const quotable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')

const issueElement = (issue: Issue): OperationOutcome['issue'][number] => ({
  severity: issue.severity,
  code: failureKinds[issue.kind].code,
  details: { coding: [{ system: kindSystem, code: issue.kind }] },
  diagnostics: quotable(issue.diagnostics),
  ...(issue.expression === undefined ? {} : { expression: [quotable(issue.expression)] }),
})

const allOk = {
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'information', code: 'informational', diagnostics: 'All OK.' }],
}

/** Returns the OperationOutcome that tells these issues. */
export const operationOutcome = (issues: readonly Issue[]): OperationOutcome => ({
  resourceType: 'OperationOutcome',
  issue: issues.map(issueElement),
})

/** Returns the JSON text of the OperationOutcome with these issues; without issues, of an outcome that says *All OK*. */
export const outcomeText = (issues: readonly Issue[]): string =>
  JSON.stringify(issues.length === 0 ? allOk : operationOutcome(issues))

const failing = (issue: Issue): boolean => issue.severity === 'error' || issue.severity === 'fatal'

/** Returns the HTTP status of a request that failed with these issues: the first error's. */
export const statusOf = (issues: readonly Issue[]): number =>
  failureKinds[(issues.find(failing) ?? issues[0])?.kind ?? 'fault'].status

/** Returns how loud the log should be about a request that failed with these issues. */
export const levelOf = (issues: readonly Issue[]): LogLevel =>
  failureKinds[(issues.find(failing) ?? issues[0])?.kind ?? 'fault'].level

/** Returns whether any of the issues makes a request fail. */
export const anyError = (issues: readonly Issue[]): boolean => issues.some(failing)

/** Throws a Failure with the issues if any of them is an error. */
export const failOn = (issues: readonly Issue[]): void => {
  if (anyError(issues)) throw new Failure(issues)
}

const fault = (requestId: string): Issue => ({
  kind: 'fault',
  severity: 'fatal',
  diagnostics: `The server failed unexpectedly. Report request id \`${requestId}\` to its operators; they find the cause in the log.`,
})

/** Returns the issues of anything thrown: a Failure's own, and for everything else only the request's id. */
export const issuesOf = (thrown: unknown, requestId: string): readonly Issue[] =>
  thrown instanceof Failure ? thrown.issues : [fault(requestId)]

/** Returns the issue as seen from outside: `Patient.name` becomes `Bundle.entry[3].resource.name`. */
export const issueWithin = (issue: Issue, place: string): Issue => {
  if (issue.expression === undefined) return { ...issue, expression: place }
  const dot = issue.expression.indexOf('.')
  return { ...issue, expression: dot < 0 ? place : place + issue.expression.slice(dot) }
}

/** Returns the issues with expressions as seen from the request: the resource is all of it, or at `Bundle.entry[3].resource`. */
export const placed = (issues: readonly Issue[], place: string): readonly Issue[] =>
  place === '' ? issues : issues.map((issue) => issueWithin(issue, place))
