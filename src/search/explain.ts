import type { Issue } from '../outcome/failure.ts'
import type { Meter } from '../store/port.ts'
import type { Plan } from './plan.ts'
import type { Use } from './scope.ts'

/** How an answer came about, and what it cost. */
export interface Explanation {
  /** What drove the search, in words. */
  way: string
  /** What could have driven it. */
  candidates: { patient?: string; equal: readonly string[]; ranges: readonly string[]; ids?: number }
  lists: readonly string[]
  /** Index entries read, resources read, matches among them. */
  entries: number
  resources: number
  matches: number
  /** Of the whole request so far. */
  rounds: number
  calls: number
  readUnits: number
}

const mostLists = 20

/** Returns the explanation of a search. */
export const explain = (plan: Plan, way: string, use: Use, meter: Meter): Explanation => ({
  way,
  candidates: {
    ...(plan.patient && { patient: plan.patient.name }),
    equal: plan.equal.map(({ name }) => name),
    ranges: plan.ranges.map(({ name }) => name),
    ...(plan.ids && { ids: plan.ids.length }),
  },
  lists: [...new Set(use.lists)].slice(0, mostLists),
  entries: use.entries,
  resources: use.resources,
  matches: use.matches,
  rounds: meter.rounds,
  calls: meter.calls,
  readUnits: meter.readUnits,
})

const sumOf = (all: readonly Explanation[], name: 'entries' | 'resources' | 'matches'): number =>
  all.reduce((sum, each) => sum + each[name], 0)

const mostOf = (all: readonly Explanation[], name: 'rounds' | 'calls' | 'readUnits'): number =>
  Math.max(0, ...all.map((each) => each[name]))

/** Returns the explanation of searches of several types as one: rounds, calls and units are the request's already. */
export const explainTogether = (all: readonly Explanation[]): Explanation => {
  const union = (of: (each: Explanation) => readonly string[]) =>
    [...new Set(all.flatMap(of))].slice(0, mostLists)
  return {
    way: union(({ way }) => [way]).join('; '),
    candidates: {
      equal: union(({ candidates: { patient, equal } }) => (patient ? [patient, ...equal] : equal)),
      ranges: union(({ candidates }) => candidates.ranges),
    },
    lists: union(({ lists }) => lists),
    entries: sumOf(all, 'entries'),
    resources: sumOf(all, 'resources'),
    matches: sumOf(all, 'matches'),
    rounds: mostOf(all, 'rounds'),
    calls: mostOf(all, 'calls'),
    readUnits: mostOf(all, 'readUnits'),
  }
}

const alternatives = ({ candidates: { patient, equal, ranges, ids } }: Explanation): string =>
  [patient, ...equal, ...ranges, ids === undefined ? undefined : `${ids} ids`]
    .filter((name) => name !== undefined)
    .join(', ')

/** Returns the explanation in words, for people who wonder where the time goes. */
export const explained = (explanation: Explanation): Issue => {
  const { way, lists, entries, resources, matches, rounds, calls, readUnits } = explanation
  return {
    kind: 'explanation',
    severity: 'information',
    diagnostics: [
      `Driven by: ${way}.`,
      `Could have been driven by: ${alternatives(explanation) || 'nothing narrower'}.`,
      `Lists read: ${lists.join(', ') || 'none'}.`,
      `Index entries read: ${entries}; resources judged: ${resources}; matches: ${matches}.`,
      `DynamoDB: ${rounds} rounds, ${calls} calls, ${readUnits} read units.`,
    ].join('\n'),
  }
}
