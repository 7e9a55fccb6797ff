/** Whether a code belongs to a value set: yes, no, or not to be told from what is held. */

import { failure } from '../outcome/failure.ts'
import { type Passes, passesFilter } from './filter.ts'
import { aloneIn, spellingOf } from './grammars.ts'
import type { Held } from './held.ts'
import type { Coding, Concept, Filter, Part, ValueSet } from './resources.ts'
import { isInactive, isRooted, type Node, nodeOf, type System } from './system.ts'

export type Answer = 'yes' | 'no' | 'unknown'

/** A code as it is asked for; without a system, any that the value set draws from will do. */
export type Asked = Coding & { code: string }

/** What was found out about a code. */
export interface Verdict {
  answer: Answer
  /** The system in which it was found, as the value set knows it. */
  system?: string
  version?: string
  display?: string
  /** As the value set lists it. */
  listed?: Concept
  node?: Node
  /** Only the system's grammar says so. */
  spelled?: true
}

export type Judge = (asked: Asked) => Verdict

const no: Verdict = { answer: 'no' }
const unknown: Verdict = { answer: 'unknown' }

/** Returns the judge of a value set. Fails where it leads to itself, or a filter in it cannot be understood. */
export const judgeOf = (held: Held, valueSet: ValueSet, above: readonly ValueSet[] = []): Judge => {
  checkCycle(valueSet, above)
  const judge = held.judges.get(valueSet) ?? remembering(newJudge(held, valueSet, above))
  held.judges.set(valueSet, judge)
  return judge
}

/** Value sets may share others many times over, so each is asked only once for the same code. */
const remembering = (judge: Judge): Judge => {
  let last: { asked: Asked; verdict: Verdict } | undefined
  return (asked) => {
    if (!last || !isSame(last.asked, asked)) last = { asked, verdict: judge(asked) }
    return last.verdict
  }
}

const isSame = (a: Asked, b: Asked): boolean =>
  a.code === b.code && a.system === b.system && a.version === b.version

const newJudge = (held: Held, valueSet: ValueSet, above: readonly ValueSet[]): Judge => {
  const way = [...above, valueSet]
  const { include, exclude = [], inactive } = composeOf(valueSet)
  const within = include.map((part) => partJudge(held, part, way))
  const without = exclude.map((part) => partJudge(held, part, way))
  const kept = (found: Verdict, asked: Asked): Verdict => {
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

const order: Readonly<Record<Answer, number>> = { yes: 2, unknown: 1, no: 0 }

const best = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.reduce((a, b) => (order[b.answer] > order[a.answer] ? b : a), no)

const worst = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.reduce((a, b) => (order[b.answer] < order[a.answer] ? b : a))

const nameOf = ({ url, id, name }: ValueSet): string => url ?? id ?? name ?? 'the given one'

const checkCycle = (valueSet: ValueSet, above: readonly ValueSet[]): void => {
  const at = above.indexOf(valueSet)
  if (at < 0) return
  const way = [...above.slice(at), valueSet].map((each) => `\`${nameOf(each)}\``)
  throw failure(
    'invariant',
    `The value set leads back to itself: ${way.join(' → ')}.`,
    'ValueSet.compose.include.valueSet',
  )
}

/** Returns what a value set is made of; one that is only a list of results is made of these. */
export const composeOf = ({ compose, expansion }: ValueSet): Compose => {
  if (compose) return withoutStars(compose)
  const listed = flat(expansion?.contains ?? []).filter(
    ({ code, abstract }) => code !== undefined && !abstract,
  )
  const groups = Map.groupBy(listed, ({ system }) => system ?? '')
  return { include: [...groups].map(([system, concept]) => ({ system, concept: concept as Concept[] })) }
}

type Compose = NonNullable<ValueSet['compose']>

/** `*` means all versions; of these the newest is held. */
const withoutStars = (compose: Compose): Compose => {
  const { include, exclude = [] } = compose
  if (![...include, ...exclude].some(({ version }) => version === '*')) return compose
  const free = ({ version, ...part }: Part): Part =>
    version === undefined || version === '*' ? part : { ...part, version }
  return { ...compose, include: include.map(free), exclude: exclude.map(free) }
}

/** Returns whether a value set has no definition, and no results that are all there are. */
export const isPartial = ({ compose, expansion }: ValueSet): boolean => {
  if (compose) return false
  const { total, contains = [], extension = [] } = expansion ?? {}
  const isOpen = extension.some(({ url, valueBoolean }) => url === unclosed && valueBoolean)
  return !expansion || isOpen || (total !== undefined && total > flat(contains).length)
}

/** Marks an expansion that does not have all codes. */
export const unclosed = 'http://hl7.org/fhir/StructureDefinition/valueset-unclosed'

type List = NonNullable<NonNullable<ValueSet['expansion']>['contains']>

const flat = (contains: List): List[number][] =>
  contains.flatMap((each) => [each, ...flat(each.contains ?? [])])

/** Returns the judge of one `include` or `exclude`: all that it says must hold. */
export const partJudge = (held: Held, part: Part, way: readonly ValueSet[]): Judge => {
  const sets = (part.valueSet ?? []).map((canonical) => setJudge(held, canonical, way))
  const own = part.system === undefined ? [] : [systemJudge(held, part, part.system)]
  const all = [...own, ...sets]
  return (asked) => (all.length === 0 ? no : merged(all.map((judge) => judge(asked))))
}

const merged = (verdicts: readonly Verdict[]): Verdict => {
  const { answer } = worst(verdicts)
  return answer === 'no' ? no : Object.assign({}, ...verdicts.toReversed(), { answer })
}

const setJudge = (held: Held, canonical: string, way: readonly ValueSet[]): Judge => {
  const valueSet = held.valueSet(canonical)
  return valueSet ? judgeOf(held, valueSet, way) : () => unknown
}

const systemJudge = (held: Held, part: Part, url: string): Judge => {
  const system = held.system(url, part.version)
  const judge = part.concept ? listJudge(part.concept, system) : graphJudge(system, part, url)
  return (asked) => {
    if (asked.system !== undefined && asked.system !== url) return no
    if (asked.version !== undefined && part.version !== undefined && asked.version !== part.version) return no
    if (isOther(asked, system, part)) return unknown
    const verdict = judge(asked)
    return verdict.answer === 'no' ? no : { ...verdict, system: url, ...versionOf(system, part) }
  }
}

/** Of another version than the one that is held, only what the value set lists itself can be told. */
const isOther = ({ version }: Asked, system: System | undefined, part: Part): boolean =>
  version !== undefined && !part.concept && system?.version !== undefined && system.version !== version

const versionOf = (system: System | undefined, part: Part): { version?: string } => {
  const version = system?.version ?? part.version
  return version === undefined ? {} : { version }
}

/** What a value set lists itself belongs to it, whether or not the code system is held. */
const listJudge = (concepts: readonly Concept[], system: System | undefined): Judge => {
  const fold = (code: string): string => (system?.caseSensitive === false ? code.toLowerCase() : code)
  const listed = new Map(concepts.map((concept) => [fold(concept.code), concept]))
  return ({ code }) => {
    const concept = listed.get(fold(code))
    return concept
      ? { answer: 'yes', listed: concept, ...seen(system && nodeOf(system, code), concept.display) }
      : no
  }
}

const seen = (node: Node | undefined, display: string | undefined) => {
  const text = display ?? node?.display
  return { ...(node && { node }), ...(text !== undefined && { display: text }) }
}

/** Filters are held against what the spelling tells of a code, where it tells anything. */
const spelledIn = (url: string, code: string, filters: readonly Filter[]): Verdict => {
  const { answer, node } = spellingOf(url, code) ?? unknown
  if (answer !== 'yes' || filters.length === 0) return { answer, spelled: true }
  if (!node) return unknown
  const alone = aloneIn(url, node)
  return filters.every((filter) => passesFilter(alone, filter)(node)) ? { answer, spelled: true } : no
}

const graphJudge = (system: System | undefined, { filter = [] }: Part, url: string): Judge => {
  if (!system) return ({ code }) => spelledIn(url, code, filter)
  const judge = nodeJudge(system, filter)
  return ({ code }) => {
    const node = nodeOf(system, code)
    if (!node) return system.complete ? no : spelledIn(url, code, filter)
    return { answer: judge(node), ...seen(node, undefined) }
  }
}

/** Filters by the place in the hierarchy. */
const byPlace: ReadonlySet<string> = new Set(['is-a', 'descendent-of', 'is-not-a', 'generalizes'])

/** Returns what filters say of a code. Where what lies above it is not held, it may yet be in another place. */
export const nodeJudge = (system: System, filters: readonly Filter[]): ((node: Node) => Answer) => {
  const all: readonly Passes[] = filters.map((each) => passesFilter(system, each))
  const places = filters.filter(({ op }) => byPlace.has(op))
  const isNegative = places.some(({ op }) => op === 'is-not-a')
  return (node) => {
    const passes = all.every((each) => each(node))
    if (system.complete || places.length === 0 || isRooted(system, node)) return passes ? 'yes' : 'no'
    return passes && !isNegative ? 'yes' : 'unknown'
  }
}
