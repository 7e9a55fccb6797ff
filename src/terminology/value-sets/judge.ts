/** Membership of a code in a value set: yes, no, or unknown from the loaded resources. */

import { failure } from '../../outcome/failure.ts'
import type { AskedCoding, CodeVerdict, Judge, Membership } from '../membership.ts'
import type { CodeSystemConcept, ComposeFilter, ComposePart, ValueSetResource } from '../resources.ts'
import { type Passes, passesFilter } from '../systems/filter.ts'
import { aloneIn, spellingOf } from '../systems/grammars.ts'
import { type CodeNode, type CodeSystemGraph, isInactive, isRooted, nodeOf } from '../systems/graph.ts'
import { composeOf, isPartial } from './compose.ts'
import type { LoadedTerminology } from './loaded.ts'

const no: CodeVerdict = { answer: 'no' }
const unknown: CodeVerdict = { answer: 'unknown' }

/**
 * Returns the judge of a value set. Fails where the value set refers to itself, or has a filter of an unknown
 * operator.
 */
export const judgeOf = (
  held: LoadedTerminology,
  valueSet: ValueSetResource,
  above: readonly ValueSetResource[] = [],
): Judge => {
  checkCycle(valueSet, above)
  const judge = held.judges.get(valueSet) ?? rememberLast(newJudge(held, valueSet, above))
  held.judges.set(valueSet, judge)
  return judge
}

/** Value sets may share parts many times over, so each judge remembers its last answer. */
const rememberLast = (judge: Judge): Judge => {
  let last: { asked: AskedCoding; verdict: CodeVerdict } | undefined
  return (asked) => {
    if (!last || !isSameCoding(last.asked, asked)) last = { asked, verdict: judge(asked) }
    return last.verdict
  }
}

const isSameCoding = (a: AskedCoding, b: AskedCoding): boolean =>
  a.code === b.code && a.system === b.system && a.version === b.version

const newJudge = (
  held: LoadedTerminology,
  valueSet: ValueSetResource,
  above: readonly ValueSetResource[],
): Judge => {
  const way = [...above, valueSet]
  const { include, exclude = [], inactive } = composeOf(valueSet)
  const within = include.map((part) => partJudge(held, part, way))
  const without = exclude.map((part) => partJudge(held, part, way))
  const kept = (found: CodeVerdict, asked: AskedCoding): CodeVerdict => {
    if (found.answer === 'no' || (inactive === false && found.node && isInactive(found.node))) return no
    const system = found.system ?? asked.system
    const barred = best(without.map((judge) => judge({ ...asked, ...(system !== undefined && { system }) })))
    return barred.answer === 'yes' ? no : barred.answer === 'unknown' ? unknown : found
  }
  return (asked) => {
    const found = best(within.map((judge) => kept(judge(asked), asked)))
    return found.answer === 'no' && isPartial(valueSet) ? unknown : found
  }
}

const answerRank: Readonly<Record<Membership, number>> = { yes: 2, unknown: 1, no: 0 }

const best = (verdicts: readonly CodeVerdict[]): CodeVerdict =>
  verdicts.reduce((a, b) => (answerRank[b.answer] > answerRank[a.answer] ? b : a), no)

const worst = (verdicts: readonly CodeVerdict[]): CodeVerdict =>
  verdicts.reduce((a, b) => (answerRank[b.answer] < answerRank[a.answer] ? b : a))

const valueSetName = ({ url, id, name }: ValueSetResource): string => url ?? id ?? name ?? 'the given one'

const checkCycle = (valueSet: ValueSetResource, above: readonly ValueSetResource[]): void => {
  const at = above.indexOf(valueSet)
  if (at < 0) return
  const way = [...above.slice(at), valueSet].map((each) => `\`${valueSetName(each)}\``)
  throw failure(
    'invariant',
    `The value set leads back to itself: ${way.join(' → ')}.`,
    'ValueSet.compose.include.valueSet',
  )
}

/** Returns the judge of one `include` or `exclude`: a code must fulfil every part. */
export const partJudge = (
  held: LoadedTerminology,
  part: ComposePart,
  way: readonly ValueSetResource[],
): Judge => {
  const sets = (part.valueSet ?? []).map((canonical) => setJudge(held, canonical, way))
  const own = part.system === undefined ? [] : [systemJudge(held, part, part.system)]
  const all = [...own, ...sets]
  return (asked) => (all.length === 0 ? no : merged(all.map((judge) => judge(asked))))
}

const merged = (verdicts: readonly CodeVerdict[]): CodeVerdict => {
  const { answer } = worst(verdicts)
  return answer === 'no' ? no : Object.assign({}, ...verdicts.toReversed(), { answer })
}

const setJudge = (held: LoadedTerminology, canonical: string, way: readonly ValueSetResource[]): Judge => {
  const valueSet = held.valueSet(canonical)
  return valueSet ? judgeOf(held, valueSet, way) : () => unknown
}

const systemJudge = (held: LoadedTerminology, part: ComposePart, url: string): Judge => {
  const system = held.system(url, part.version)
  const judge = part.concept ? listJudge(part.concept, system) : graphJudge(system, part, url)
  return (asked) => {
    if (asked.system !== undefined && asked.system !== url) return no
    if (asked.version !== undefined && part.version !== undefined && asked.version !== part.version) return no
    if (isOther(asked, system, part)) return unknown
    const verdict = judge(asked)
    return verdict.answer === 'no' ? no : { ...verdict, system: url, ...versionMember(system, part) }
  }
}

/** For another version than the loaded one, only codes that the value set lists are certain. */
const isOther = ({ version }: AskedCoding, system: CodeSystemGraph | undefined, part: ComposePart): boolean =>
  version !== undefined && !part.concept && system?.version !== undefined && system.version !== version

const versionMember = (system: CodeSystemGraph | undefined, part: ComposePart): { version?: string } => {
  const version = system?.version ?? part.version
  return version === undefined ? {} : { version }
}

/** A code that the value set lists is a member, whether or not the code system is loaded. */
const listJudge = (concepts: readonly CodeSystemConcept[], system: CodeSystemGraph | undefined): Judge => {
  const fold = (code: string): string => (system?.caseSensitive === false ? code.toLowerCase() : code)
  const listed = new Map(concepts.map((concept) => [fold(concept.code), concept]))
  return ({ code }) => {
    const concept = listed.get(fold(code))
    return concept
      ? { answer: 'yes', listed: concept, ...seen(system && nodeOf(system, code), concept.display) }
      : no
  }
}

const seen = (node: CodeNode | undefined, display: string | undefined) => {
  const text = display ?? node?.display
  return { ...(node && { node }), ...(text !== undefined && { display: text }) }
}

/** Judges by the grammar of the code system, filters included. */
const judgeSpelling = (url: string, code: string, filters: readonly ComposeFilter[]): CodeVerdict => {
  const { answer, node } = spellingOf(url, code) ?? unknown
  if (answer !== 'yes' || filters.length === 0) return { answer, spelled: true }
  if (!node) return unknown
  const alone = aloneIn(url, node)
  return filters.every((filter) => passesFilter(alone, filter)(node)) ? { answer, spelled: true } : no
}

const graphJudge = (
  system: CodeSystemGraph | undefined,
  { filter = [] }: ComposePart,
  url: string,
): Judge => {
  if (!system) return ({ code }) => judgeSpelling(url, code, filter)
  const judge = nodeJudge(system, filter)
  return ({ code }) => {
    const node = nodeOf(system, code)
    if (!node) return system.complete ? no : judgeSpelling(url, code, filter)
    return { answer: judge(node), ...seen(node, undefined) }
  }
}

/** Filters by the place in the hierarchy. */
const byPlace: ReadonlySet<string> = new Set(['is-a', 'descendent-of', 'is-not-a', 'generalizes'])

/** Returns the test of filters. With ancestors not loaded, a code's place in the hierarchy is unknown. */
export const nodeJudge = (
  system: CodeSystemGraph,
  filters: readonly ComposeFilter[],
): ((node: CodeNode) => Membership) => {
  const all: readonly Passes[] = filters.map((each) => passesFilter(system, each))
  const places = filters.filter(({ op }) => byPlace.has(op))
  const isNegative = places.some(({ op }) => op === 'is-not-a')
  return (node) => {
    const passes = all.every((each) => each(node))
    if (system.complete || places.length === 0 || isRooted(system, node)) return passes ? 'yes' : 'no'
    return passes && !isNegative ? 'yes' : 'unknown'
  }
}
