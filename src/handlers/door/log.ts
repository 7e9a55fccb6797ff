/** A structured line per request: method, route, status and cost; never content, never tokens. */

import type { LogLevel } from '../../outcome/failure.ts'
import { levelOf } from '../../outcome/outcome.ts'
import type { Invocation } from './invocation.ts'

const logLevels = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'OFF'] as const
type Level = (typeof logLevels)[number]

const isLoud = (level: Level, threshold: string | undefined): boolean =>
  logLevels.indexOf(level) >= logLevels.findIndex((each) => each === (threshold ?? 'INFO'))

/** Writes a line; Lambda accepts a JSON line with `timestamp` and `level` unchanged. */
const write = (line: { level: Level }, threshold = process.env.LOG_LEVEL): void => {
  if (isLoud(line.level, threshold)) process.stdout.write(`${JSON.stringify(line)}\n`)
}

const frames = (error: Error): string[] =>
  (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '))

/**
 * Returns whether AWS's SDK threw the error: its messages name tables and limits, while further messages may quote a
 * client's data.
 */
const isFromAws = (error: Error): boolean => '$metadata' in error

/** Returns the facts of a thrown value that may be logged. */
export const errorFacts = (thrown: unknown): object =>
  thrown instanceof Error
    ? { name: thrown.name, ...(isFromAws(thrown) ? { message: thrown.message } : {}), stack: frames(thrown) }
    : { name: typeof thrown }

type Result = { statusCode: number; body: string | Uint8Array }

const costs = ({ meter }: Invocation): object => (meter ? { ...meter } : {})

const faultsOf = ({ served, fault }: Invocation): unknown[] => [
  ...(served?.faults ?? []),
  ...(fault === undefined ? [] : [fault]),
]

const loudness: Readonly<Record<LogLevel, Level>> = { info: 'INFO', warn: 'WARN', error: 'ERROR' }

const levelFor = (invocation: Invocation): Level => {
  if (faultsOf(invocation).length > 0) return 'ERROR'
  const issues = invocation.served?.issues ?? []
  return issues.length > 0 ? loudness[levelOf(issues)] : 'INFO'
}

const undefinedIfEmpty = <T>(values: readonly T[]): readonly T[] | undefined =>
  values.length > 0 ? values : undefined

/** Returns the line for an invocation. */
export const invocationLine = (invocation: Invocation, result: Result, now: number): { level: Level } => {
  const { served, request, principal, event } = invocation
  return {
    timestamp: new Date(now).toISOString(),
    level: levelFor(invocation),
    requestId: event.requestContext.requestId,
    method: event.httpMethod,
    route: served?.route?.pattern,
    type: served?.type,
    status: result.statusCode,
    milliseconds: now - invocation.began,
    in: request?.body.length,
    out: result.body.length,
    principal: principal?.id,
    failures: undefinedIfEmpty((served?.issues ?? []).map(({ kind }) => kind)),
    notes: undefinedIfEmpty(served?.notes ?? []),
    ...costs(invocation),
    faults: undefinedIfEmpty(faultsOf(invocation).map(errorFacts)),
  } as { level: Level }
}

/** Logs an invocation, unless its level is below the threshold. */
export const logInvocation = (invocation: Invocation, result: Result, threshold?: string): void =>
  write(invocationLine(invocation, result, Date.now()), threshold)

/** Logs a line that belongs to no request. */
export const logLine = (level: Level, facts: object): void =>
  write({ timestamp: new Date().toISOString(), level, ...facts } as { level: Level })
