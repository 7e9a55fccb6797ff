/** https://hl7.org/fhir/R4/conceptmap-operation-translate.html */

import { parseCanonical } from '../fhir/references.ts'
import {
  type Beside,
  type ConceptMap,
  type Group,
  sourceSetOf,
  type Target,
  targetSetOf,
  targetsOf,
} from './concept-map.ts'
import { type Asked, composeOf } from './judge.ts'
import type { Coding } from './resources.ts'
import type { Terminology } from './terminology.ts'
import type { ValidateCode } from './validate-code.ts'

/** Another element of the record that the code comes from. */
export interface Dependency {
  element: string
  concept: { text?: string; coding?: readonly Coding[] }
}

/** Which translations are wanted; value sets by all their addresses. */
export interface Wish {
  source?: readonly string[]
  target?: readonly string[]
  targetSystem?: string
  dependencies: readonly Dependency[]
}

/** What maps lead to. */
export interface Knowledge {
  terminology: Terminology
  validate: ValidateCode
  /** Returns the concept map of an address, turned as the others are; undefined where it is not held. */
  conceptMap(canonical: string): Promise<ConceptMap | undefined>
}

export interface Match {
  equivalence: string
  concept?: Coding
  product: readonly Beside[]
  /** The map that says so, and the value set that it translates to. */
  map: ConceptMap
}

export interface Translation {
  matches: readonly Match[]
  /** What would help, or stood in the way. */
  notes: readonly string[]
}

/** A code with its system. */
export type Source = Asked & { system: string }

interface Walk {
  asked: Source
  wish: Wish
  knowledge: Knowledge
  notes: Set<string>
  /** The maps that led here, one after the other. */
  way: readonly ConceptMap[]
  /** The other maps that were asked: a second time they would say the same. */
  consulted: Set<string>
}

/** Returns what the maps say of a code. */
export const translate = async (
  maps: readonly ConceptMap[],
  asked: Source,
  wish: Wish,
  knowledge: Knowledge,
): Promise<Translation> => {
  const notes = new Set<string>()
  const walk = { asked, wish, knowledge, notes, way: [], consulted: new Set<string>() }
  const found = await Promise.all(maps.filter(isFrom(wish)).map((map) => inMap(walk, map)))
  const wanted = await Promise.all(found.flat().map((match) => isWanted(match, wish, knowledge)))
  return { matches: found.flat().filter((_, i) => wanted[i]), notes: [...notes] }
}

/** Returns whether it is a translation: some matches say that there is none. */
export const isTranslation = ({ equivalence }: Match): boolean =>
  equivalence !== 'unmatched' && equivalence !== 'disjoint'

const isSame = (a: string, b: string): boolean => {
  const [one, other] = [parseCanonical(a), parseCanonical(b)]
  return one.url === other.url && fits(one.version, other.version)
}

const fits = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined || a === b

const isAmong = (names: readonly string[] | undefined, valueSet: string | undefined): boolean =>
  valueSet !== undefined && (names?.some((name) => isSame(name, valueSet)) ?? false)

/** A map that names no value set translates all of its code systems. */
const isFrom =
  ({ source }: Wish) =>
  (map: ConceptMap): boolean => {
    const own = sourceSetOf(map)
    return source === undefined || own === undefined || isAmong(source, own)
  }

const isWanted = async (
  { map, concept }: Match,
  { target }: Wish,
  { validate }: Knowledge,
): Promise<boolean> => {
  if (target === undefined || isAmong(target, targetSetOf(map))) return true
  if (concept?.code === undefined) return false
  const asked = { ...concept, code: concept.code }
  const answers = await Promise.all(target.map((name) => validate(name, asked)))
  return answers.includes('yes')
}

const inMap = async (walk: Walk, map: ConceptMap): Promise<readonly Match[]> => {
  const on = { ...walk, way: [...walk.way, map] }
  return (await Promise.all((map.group ?? []).map((group) => inGroup(on, map, group)))).flat()
}

const inGroup = async (walk: Walk, map: ConceptMap, group: Group): Promise<readonly Match[]> => {
  if (!(await holds(walk, map, group))) return []
  const system = group.target ?? (await onlySystem(walk, targetSetOf(map)))
  const to = { system, version: group.targetVersion }
  const { targetSystem } = walk.wish
  if (targetSystem !== undefined && !isSame(targetSystem, canonicalOf(to))) return []
  const targets = (await listed(walk, group)).filter((target) => isMet(walk, target))
  if (targets.length > 0) return targets.map((target) => matchOf(map, to, target))
  return others(walk, map, group, to)
}

interface Place {
  system: string | undefined
  version: string | undefined
}

const canonicalOf = ({ system = '', version }: Place): string =>
  version === undefined ? system : `${system}|${version}`

/** A group that names no code system is of those in its value set. */
const holds = async (
  { asked, wish, knowledge, notes }: Walk,
  map: ConceptMap,
  group: Group,
): Promise<boolean> => {
  const { source, sourceVersion } = group
  if (source === undefined) {
    const own = sourceSetOf(map)
    return (
      isAmong(wish.source, own) || (own !== undefined && (await knowledge.validate(own, asked)) === 'yes')
    )
  }
  if (source !== asked.system) return false
  if (!fits(sourceVersion, asked.version))
    notes.add(
      `${nameOf(map)} is of version \`${sourceVersion}\` of \`${source}\`, not of \`${asked.version}\`.`,
    )
  return fits(sourceVersion, asked.version)
}

const nameOf = ({ url, id }: ConceptMap): string => {
  const name = url ?? (id === undefined ? undefined : `ConceptMap/${id}`)
  return name === undefined ? 'The concept map that was given' : `The concept map \`${name}\``
}

const onlySystem = async (
  { knowledge }: Walk,
  canonical: string | undefined,
): Promise<string | undefined> => {
  const valueSet = canonical === undefined ? undefined : await knowledge.terminology.valueSet(canonical)
  const systems = new Set(valueSet ? composeOf(valueSet).include.map(({ system }) => system) : [])
  return systems.size === 1 ? [...systems][0] : undefined
}

/** The code system is asked whether case matters only where that decides. */
const listed = async ({ asked, knowledge }: Walk, group: Group): Promise<readonly Target[]> => {
  const exact = targetsOf(group, (code) => code === asked.code)
  if (exact.length > 0) return exact
  const folded = targetsOf(group, (code) => code.toLowerCase() === asked.code.toLowerCase())
  if (folded.length === 0) return []
  const system = await knowledge.terminology.system(asked.system, asked.version)
  return system?.caseSensitive === false ? folded : []
}

/** A mapping that depends on other elements holds only where these are told; that one would help is noted. */
const isMet = ({ asked, wish, notes }: Walk, { code, dependsOn = [] }: Target): boolean => {
  for (const { property, value } of dependsOn)
    if (!wish.dependencies.some(({ element }) => element === property))
      notes.add(
        `\`${asked.code}\` becomes \`${code}\` where \`${property}\` is \`${value}\`; give it as a \`dependency\`.`,
      )
  return dependsOn.every((each) => wish.dependencies.some((dependency) => isValue(dependency, each)))
}

const isValue = ({ element, concept }: Dependency, { property, system, value }: Beside): boolean => {
  if (element !== property) return false
  if (system === undefined && concept.text === value) return true
  return (concept.coding ?? []).some(
    (coding) =>
      coding.code === value && (system === undefined || coding.system === parseCanonical(system).url),
  )
}

const matchOf = (
  map: ConceptMap,
  { system, version }: Place,
  { code, display, equivalence, product = [] }: Target,
): Match => ({
  equivalence,
  ...(code !== undefined && {
    concept: {
      ...(system !== undefined && { system }),
      ...(version !== undefined && { version }),
      code,
      ...(display !== undefined && { display }),
    },
  }),
  product,
  map,
})

/** What a map does with codes that it does not map, https://hl7.org/fhir/R4/conceptmap-definitions.html#ConceptMap.group.unmapped */
const others = async (
  walk: Walk,
  map: ConceptMap,
  { unmapped }: Group,
  to: Place,
): Promise<readonly Match[]> => {
  const { asked } = walk
  if (unmapped?.mode === 'provided') {
    const [system, version] =
      to.system === undefined ? [asked.system, asked.version] : [to.system, to.version]
    const equivalence = system === asked.system ? 'equal' : 'relatedto'
    return [matchOf(map, { system, version }, { code: asked.code, display: asked.display, equivalence })]
  }
  if (unmapped?.mode === 'fixed')
    return [matchOf(map, to, { code: unmapped.code, display: unmapped.display, equivalence: 'relatedto' })]
  return unmapped?.mode === 'other-map' ? inOther(walk, unmapped.url) : []
}

const inOther = async (walk: Walk, url = ''): Promise<readonly Match[]> => {
  const isRound = walk.way.some((map) => map.url === parseCanonical(url).url)
  if (!isRound && walk.consulted.has(url)) return []
  walk.consulted.add(url)
  const other = isRound ? undefined : await walk.knowledge.conceptMap(url)
  if (other) return inMap(walk, other)
  const why = isRound ? 'which leads back to it' : 'which is not held'
  walk.notes.add(`Of codes that it does not map it asks the concept map \`${url}\`, ${why}.`)
  return []
}
