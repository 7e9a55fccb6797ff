import type { Issue } from '../outcome/failure.ts'
import type { Meter } from '../store/meter.ts'
import type { SearchPlan } from './plan/plan.ts'
import { isOpen, type Query } from './query.ts'
import type { Use } from './scope.ts'

/** The way of an answer, and its cost. */
export interface Explanation {
  /** The driver of the search, in words. */
  way: string
  /** The possible drivers. */
  candidates: { patient?: string; equal: readonly string[]; ranges: readonly string[]; ids?: number }
  /**
   * `resolved`: chains were replaced by sets of links before the page was read; `followed`: links were followed from each
   * candidate.
   */
  chains?: 'resolved' | 'followed'
  /** The first 20 lists that were read. */
  lists: readonly string[]
  /** The number of lists that were read. */
  listCount: number
  /** The numbers of index entries read, resources read, and matches among them. */
  entries: number
  resources: number
  matches: number
  /** The cost of the whole request so far. */
  rounds: number
  calls: number
  readUnits: number
}

const mostListsNamed = 20

/** Returns the explanation of a search, from the query as asked and the query as read. */
export const explain = (
  { asked, query, plan, way }: { asked: Query; query: Query; plan: SearchPlan; way: string },
  use: Use,
  meter: Meter,
): Explanation => ({
  way,
  ...(isOpen(asked) && { chains: isOpen(query) ? 'followed' : 'resolved' }),
  candidates: {
    ...(plan.patient && { patient: plan.patient.name }),
    equal: plan.equal.map(({ name }) => name),
    ranges: plan.ranges.map(({ name }) => name),
    ...(plan.ids && { ids: plan.ids.length }),
  },
  lists: [...new Set(use.lists)].slice(0, mostListsNamed),
  listCount: new Set(use.lists).size,
  entries: use.entries,
  resources: use.resources,
  matches: use.matches,
  rounds: meter.rounds,
  calls: meter.calls,
  readUnits: meter.readUnits,
})

const summedFigure = (
  all: readonly Explanation[],
  name: 'listCount' | 'entries' | 'resources' | 'matches',
): number => all.reduce((sum, each) => sum + each[name], 0)

const highestFigure = (all: readonly Explanation[], name: 'rounds' | 'calls' | 'readUnits'): number =>
  Math.max(0, ...all.map((each) => each[name]))

/** Returns the explanation of several types' searches; rounds, calls and units are the whole request's. */
export const explainTogether = (all: readonly Explanation[]): Explanation => {
  const union = (of: (each: Explanation) => readonly string[]) =>
    [...new Set(all.flatMap(of))].slice(0, mostListsNamed)
  return {
    way: union(({ way }) => [way]).join('; '),
    candidates: {
      equal: union(({ candidates: { patient, equal } }) => (patient ? [patient, ...equal] : equal)),
      ranges: union(({ candidates }) => candidates.ranges),
    },
    lists: union(({ lists }) => lists),
    listCount: summedFigure(all, 'listCount'),
    ...(all[0]?.chains && { chains: all[0].chains }),
    entries: summedFigure(all, 'entries'),
    resources: summedFigure(all, 'resources'),
    matches: summedFigure(all, 'matches'),
    rounds: highestFigure(all, 'rounds'),
    calls: highestFigure(all, 'calls'),
    readUnits: highestFigure(all, 'readUnits'),
  }
}

const alternatives = ({ candidates: { patient, equal, ranges, ids } }: Explanation): string =>
  [patient, ...equal, ...ranges, ids === undefined ? undefined : `${ids} ids`]
    .filter((name) => name !== undefined)
    .join(', ')

const chainsText = {
  resolved: 'Chains: what they lead to was read first.',
  followed: 'Chains: they lead far, so links are followed from each candidate.',
}

/** Returns the explanation in words. */
export const explanationIssue = (explanation: Explanation): Issue => {
  const { way, chains, lists, listCount, entries, resources, matches, rounds, calls, readUnits } = explanation
  return {
    kind: 'explanation',
    severity: 'information',
    diagnostics: [
      `Driven by: ${way}.`,
      `Could have been driven by: ${alternatives(explanation) || 'nothing narrower'}.`,
      ...(chains ? [chainsText[chains]] : []),
      `Lists read: ${lists.join(', ') || 'none'}${listCount > lists.length ? `, … ${listCount} in all` : ''}.`,
      `Index entries read: ${entries}; resources judged: ${resources}; matches: ${matches}.`,
      `DynamoDB: ${rounds} rounds, ${calls} calls, ${readUnits} read units.`,
    ].join('\n'),
  }
}
