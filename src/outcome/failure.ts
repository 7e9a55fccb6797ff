/** https://hl7.org/fhir/R4/operationoutcome.html */

import type { Status } from './status.ts'

/** The severity of an issue; only `fatal` and `error` make a request fail. */
export type Severity = 'fatal' | 'error' | 'warning' | 'information'

/**
 * The log level of a failure: `info` for the caller's mistakes, `warn` for operators to look at, `error` for faults of
 * the server.
 */
export type LogLevel = 'info' | 'warn' | 'error'

interface FailureKind {
  status: Status
  code: string
  level: LogLevel
}

const kind = (status: Status, code: string, level: LogLevel = 'info'): FailureKind => ({
  status,
  code,
  level,
})

/** Every way to fail: HTTP status, OperationOutcome issue code and log level follow from the kind alone. */
export const failureKinds = {
  explanation: kind(200, 'informational'),
  malformed: kind(400, 'structure'),
  invalid: kind(400, 'value'),
  'unknown-element': kind(400, 'structure'),
  required: kind(400, 'required'),
  invariant: kind(422, 'invariant'),
  'code-invalid': kind(422, 'code-invalid'),
  dangling: kind(422, 'not-found'),
  'profile-required': kind(422, 'required'),
  'profile-structure': kind(422, 'structure'),
  'profile-value': kind(422, 'value'),
  'profile-code': kind(422, 'code-invalid'),
  'profile-unknown': kind(422, 'not-found'),
  'unknown-type': kind(404, 'not-supported'),
  'unknown-parameter': kind(400, 'not-supported'),
  'unknown-modifier': kind(400, 'not-supported'),
  unsupported: kind(501, 'not-supported'),
  login: kind(401, 'login'),
  forbidden: kind(403, 'forbidden'),
  'not-found': kind(404, 'not-found'),
  deleted: kind(410, 'deleted'),
  'method-not-allowed': kind(405, 'not-supported'),
  'not-acceptable': kind(406, 'not-supported'),
  'media-type': kind(415, 'not-supported'),
  conflict: kind(409, 'conflict'),
  'version-conflict': kind(412, 'conflict'),
  'multiple-matches': kind(412, 'multiple-matches'),
  unresolved: kind(412, 'not-found'),
  'too-large': kind(413, 'too-long'),
  'too-costly': kind(403, 'too-costly'),
  throttled: kind(429, 'throttled', 'warn'),
  busy: kind(503, 'transient', 'warn'),
  timeout: kind(504, 'timeout', 'warn'),
  fault: kind(500, 'exception', 'error'),
} as const satisfies Record<string, FailureKind>

export type KindName = keyof typeof failureKinds

/** A finding for the caller: its kind, its text with the way out, and its place as a FHIRPath expression. */
export interface Issue {
  kind: KindName
  severity: Severity
  diagnostics: string
  expression?: string
}

/** The error of every failure: carries all issues found, of which the first error decides the HTTP status. */
export class Failure extends Error {
  readonly issues: readonly Issue[]

  constructor(issues: readonly Issue[]) {
    super(issues.map((issue) => issue.diagnostics).join(' '))
    this.name = 'Failure'
    this.issues = issues
  }
}

/** Returns an issue of severity `error`. */
export const error = (name: KindName, diagnostics: string, expression?: string): Issue =>
  expression === undefined
    ? { kind: name, severity: 'error', diagnostics }
    : { kind: name, severity: 'error', diagnostics, expression }

/** Returns an issue of severity `warning`. */
export const warning = (name: KindName, diagnostics: string, expression?: string): Issue => ({
  ...error(name, diagnostics, expression),
  severity: 'warning',
})

/** Returns a Failure with a single error, for the caller to throw. */
export const failure = (name: KindName, diagnostics: string, expression?: string): Failure =>
  new Failure([error(name, diagnostics, expression)])

/** Returns whether something thrown is a Failure of this kind. */
export const isKind = (thrown: unknown, name: KindName): thrown is Failure =>
  thrown instanceof Failure && thrown.issues[0]?.kind === name
