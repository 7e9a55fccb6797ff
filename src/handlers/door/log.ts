/** One structured line per request: what was asked of whom and what it cost; never content, never tokens. */

import type { LogLevel } from '../../outcome/failure.ts'
import { levelOf } from '../../outcome/outcome.ts'
import type { Invocation } from './invocation.ts'

const levels = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'OFF'] as const
type Level = (typeof levels)[number]

const isLoud = (level: Level, threshold: string | undefined): boolean =>
  levels.indexOf(level) >= levels.findIndex((each) => each === (threshold ?? 'INFO'))

/** Writes a line; Lambda takes a JSON line with `timestamp` and `level` as it is. */
const write = (line: { level: Level }, threshold = process.env.LOG_LEVEL): void => {
  if (isLoud(line.level, threshold)) process.stdout.write(`${JSON.stringify(line)}\n`)
}

const frames = (error: Error): string[] =>
  (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '))

/** Messages of the SDK name tables and limits; our own and the engine's may quote what a client sent. */
const isFromAws = (error: Error): boolean => '$metadata' in error

/** Returns what a log may know about something thrown. */
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

const unlessEmpty = <T>(values: readonly T[]): readonly T[] | undefined =>
  values.length > 0 ? values : undefined

/** Returns the line for an invocation. */
export const lineOf = (invocation: Invocation, result: Result, now: number): { level: Level } => {
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
    failures: unlessEmpty((served?.issues ?? []).map(({ kind }) => kind)),
    notes: unlessEmpty(served?.notes ?? []),
    ...costs(invocation),
    faults: unlessEmpty(faultsOf(invocation).map(errorFacts)),
  } as { level: Level }
}

/** Logs an invocation, unless the threshold is above it. */
export const logInvocation = (invocation: Invocation, result: Result, threshold?: string): void =>
  write(lineOf(invocation, result, Date.now()), threshold)

/** Logs something that is not about a request. */
export const logLine = (level: Level, facts: object): void =>
  write({ timestamp: new Date().toISOString(), level, ...facts } as { level: Level })
