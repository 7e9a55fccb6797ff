import type { Issue } from '../outcome/failure.ts'
import type { Meter } from '../store/meter.ts'
import type { SearchPlan } from './plan/plan.ts'
import { isOpen, type Query } from './query.ts'
import type { Use } from './scope.ts'

/** How an answer came about, and what it cost. */
export interface Explanation {
  /** What drove the search, in words. */
  way: string
  /** What could have driven it. */
  candidates: { patient?: string; equal: readonly string[]; ranges: readonly string[]; ids?: number }
  /** What became of chains and `_has`: sets of links before the page was read, or a look from candidate to candidate. */
  chains?: 'resolved' | 'followed'
  /** The first of the lists that were read. */
  lists: readonly string[]
  /** How many lists were read. */
  listCount: number
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

/** Returns the explanation of a search, given the query that was asked and the one that was read. */
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
  lists: [...new Set(use.lists)].slice(0, mostLists),
  listCount: new Set(use.lists).size,
  entries: use.entries,
  resources: use.resources,
  matches: use.matches,
  rounds: meter.rounds,
  calls: meter.calls,
  readUnits: meter.readUnits,
})

const sumOf = (
  all: readonly Explanation[],
  name: 'listCount' | 'entries' | 'resources' | 'matches',
): number => all.reduce((sum, each) => sum + each[name], 0)

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
    listCount: sumOf(all, 'listCount'),
    ...(all[0]?.chains && { chains: all[0].chains }),
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

const chainsText = {
  resolved: 'Chains: what they lead to was read first.',
  followed: 'Chains: they lead far, so links are followed from each candidate.',
}

/** Returns the explanation in words, for people who wonder where the time goes. */
export const explained = (explanation: Explanation): Issue => {
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
