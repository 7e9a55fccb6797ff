/** One structured line per request: what was asked of whom and what it cost; never content, never tokens. */

import { levelOf } from '../outcome/outcome.ts'
import type { Visit } from './visit.ts'

/** Writes a line; Lambda takes a JSON line with `timestamp` and `level` as it is. */
const write = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`)
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

const costs = ({ meter }: Visit): object => (meter ? { ...meter } : {})

/** Returns the line for a visit. */
export const lineOf = (visit: Visit, result: { statusCode: number; body: string }, now: number): object => {
  const { served, request, principal, event } = visit
  const faults = [...(served?.faults ?? []), ...(visit.fault === undefined ? [] : [visit.fault])]
  return {
    timestamp: new Date(now).toISOString(),
    level: faults.length > 0 ? 'ERROR' : served ? levelOf(served.issues).toUpperCase() : 'INFO',
    requestId: event.requestContext.requestId,
    method: event.httpMethod,
    route: served?.route?.pattern,
    type: served?.type,
    status: result.statusCode,
    milliseconds: now - visit.began,
    in: request?.body.length,
    out: result.body.length,
    principal: principal?.id,
    failures: served && served.issues.length > 0 ? served.issues.map(({ kind }) => kind) : undefined,
    ...costs(visit),
    faults: faults.length > 0 ? faults.map(errorFacts) : undefined,
  }
}

/** Logs a visit. */
export const logVisit = (visit: Visit, result: { statusCode: number; body: string }): void =>
  write(lineOf(visit, result, Date.now()))

/** Logs something that is not about a request. */
export const logLine = (level: 'INFO' | 'WARN' | 'ERROR', facts: object): void =>
  write({ timestamp: new Date().toISOString(), level, ...facts })
