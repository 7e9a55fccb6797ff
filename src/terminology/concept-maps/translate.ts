/** https://hl7.org/fhir/R4/conceptmap-operation-translate.html */

import { parseCanonical } from '../../fhir/references.ts'
import type { AskedCoding } from '../membership.ts'
import type { Coding } from '../resources.ts'
import type { Terminology } from '../terminology.ts'
import { composeOf } from '../value-sets/compose.ts'
import type { ValidateCode } from '../value-sets/validate-code.ts'
import {
  type ConceptMap,
  type ConceptMapGroup,
  type MappedElement,
  type MapTarget,
  mappedTargets,
  sourceSetOf,
  targetSetOf,
} from './concept-map.ts'

/** Another element of the record that the code comes from. */
export interface Dependency {
  element: string
  concept: { text?: string; coding?: readonly Coding[] }
}

/** The wanted translation; each value set by all of its addresses. */
export interface TranslationOptions {
  source?: readonly string[]
  target?: readonly string[]
  targetSystem?: string
  dependencies: readonly Dependency[]
}

/** The resources and functions that a translation reads. */
export interface TranslationSources {
  terminology: Terminology
  validate: ValidateCode
  /** Returns the concept map of an address, reversed like the first map; undefined where not loaded. */
  conceptMap(canonical: string): Promise<ConceptMap | undefined>
}

export interface Match {
  equivalence: string
  concept?: Coding
  product: readonly MappedElement[]
  /** The map with this mapping; it names the target value set. */
  map: ConceptMap
}

export interface Translation {
  matches: readonly Match[]
  /** Hints and obstacles, in words for the caller. */
  notes: readonly string[]
}

/** A code with its system. */
export type SourceCoding = AskedCoding & { system: string }

interface TranslationWalk {
  asked: SourceCoding
  wish: TranslationOptions
  knowledge: TranslationSources
  notes: Set<string>
  /** The chain of maps to this point, first to last. */
  way: readonly ConceptMap[]
  /** Maps consulted through `unmapped`; a second visit would give equal answers. */
  consulted: Set<string>
}

/** Returns the matches of a code in the maps. */
export const translateByMaps = async (
  maps: readonly ConceptMap[],
  asked: SourceCoding,
  wish: TranslationOptions,
  knowledge: TranslationSources,
): Promise<Translation> => {
  const notes = new Set<string>()
  const walk = { asked, wish, knowledge, notes, way: [], consulted: new Set<string>() }
  const found = await Promise.all(maps.filter(isFrom(wish)).map((map) => inMap(walk, map)))
  const wanted = await Promise.all(found.flat().map((match) => isInTarget(match, wish, knowledge)))
  return { matches: found.flat().filter((_, i) => wanted[i]), notes: [...notes] }
}

/** Returns whether the match is a translation; `unmatched` and `disjoint` are not. */
export const isTranslation = ({ equivalence }: Match): boolean =>
  equivalence !== 'unmatched' && equivalence !== 'disjoint'

const isSameCanonical = (a: string, b: string): boolean => {
  const [one, other] = [parseCanonical(a), parseCanonical(b)]
  return one.url === other.url && fits(one.version, other.version)
}

const fits = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined || a === b

const isAmongAddresses = (names: readonly string[] | undefined, valueSet: string | undefined): boolean =>
  valueSet !== undefined && (names?.some((name) => isSameCanonical(name, valueSet)) ?? false)

/** A map that names no value set translates all of its code systems. */
const isFrom =
  ({ source }: TranslationOptions) =>
  (map: ConceptMap): boolean => {
    const own = sourceSetOf(map)
    return source === undefined || own === undefined || isAmongAddresses(source, own)
  }

const isInTarget = async (
  { map, concept }: Match,
  { target }: TranslationOptions,
  { validate }: TranslationSources,
): Promise<boolean> => {
  if (target === undefined || isAmongAddresses(target, targetSetOf(map))) return true
  if (concept?.code === undefined) return false
  const asked = { ...concept, code: concept.code }
  const answers = await Promise.all(target.map((name) => validate(name, asked)))
  return answers.includes('yes')
}

const inMap = async (walk: TranslationWalk, map: ConceptMap): Promise<readonly Match[]> => {
  const on = { ...walk, way: [...walk.way, map] }
  return (await Promise.all((map.group ?? []).map((group) => inGroup(on, map, group)))).flat()
}

const inGroup = async (
  walk: TranslationWalk,
  map: ConceptMap,
  group: ConceptMapGroup,
): Promise<readonly Match[]> => {
  if (!(await appliesToSource(walk, map, group))) return []
  const system = group.target ?? (await onlySystem(walk, targetSetOf(map)))
  const to = { system, version: group.targetVersion }
  const { targetSystem } = walk.wish
  if (targetSystem !== undefined && !isSameCanonical(targetSystem, systemCanonical(to))) return []
  const targets = (await mappedInGroup(walk, group)).filter((target) => isMet(walk, target))
  if (targets.length > 0) return targets.map((target) => matchOf(map, to, target))
  return others(walk, map, group, to)
}

interface CodeSystemVersion {
  system: string | undefined
  version: string | undefined
}

const systemCanonical = ({ system = '', version }: CodeSystemVersion): string =>
  version === undefined ? system : `${system}|${version}`

/** A group without a source system applies to the codes of its source value set. */
const appliesToSource = async (
  { asked, wish, knowledge, notes }: TranslationWalk,
  map: ConceptMap,
  group: ConceptMapGroup,
): Promise<boolean> => {
  const { source, sourceVersion } = group
  if (source === undefined) {
    const own = sourceSetOf(map)
    return (
      isAmongAddresses(wish.source, own) ||
      (own !== undefined && (await knowledge.validate(own, asked)) === 'yes')
    )
  }
  if (source !== asked.system) return false
  if (!fits(sourceVersion, asked.version))
    notes.add(
      `${mapName(map)} is of version \`${sourceVersion}\` of \`${source}\`, not of \`${asked.version}\`.`,
    )
  return fits(sourceVersion, asked.version)
}

const mapName = ({ url, id }: ConceptMap): string => {
  const name = url ?? (id === undefined ? undefined : `ConceptMap/${id}`)
  return name === undefined ? 'The concept map that was given' : `The concept map \`${name}\``
}

const onlySystem = async (
  { knowledge }: TranslationWalk,
  canonical: string | undefined,
): Promise<string | undefined> => {
  const valueSet = canonical === undefined ? undefined : await knowledge.terminology.valueSet(canonical)
  const systems = new Set(valueSet ? composeOf(valueSet).include.map(({ system }) => system) : [])
  return systems.size === 1 ? [...systems][0] : undefined
}

/** The code system is asked whether case matters only where that decides. */
const mappedInGroup = async (
  { asked, knowledge }: TranslationWalk,
  group: ConceptMapGroup,
): Promise<readonly MapTarget[]> => {
  const exact = mappedTargets(group, (code) => code === asked.code)
  if (exact.length > 0) return exact
  const folded = mappedTargets(group, (code) => code.toLowerCase() === asked.code.toLowerCase())
  if (folded.length === 0) return []
  const system = await knowledge.terminology.system(asked.system, asked.version)
  return system?.caseSensitive === false ? folded : []
}

/** A mapping with `dependsOn` needs these elements in the request; a missing element becomes a note. */
const isMet = ({ asked, wish, notes }: TranslationWalk, { code, dependsOn = [] }: MapTarget): boolean => {
  for (const { property, value } of dependsOn)
    if (!wish.dependencies.some(({ element }) => element === property))
      notes.add(
        `\`${asked.code}\` becomes \`${code}\` where \`${property}\` is \`${value}\`; give it as a \`dependency\`.`,
      )
  return dependsOn.every((each) => wish.dependencies.some((dependency) => isDependencyMet(dependency, each)))
}

const isDependencyMet = (
  { element, concept }: Dependency,
  { property, system, value }: MappedElement,
): boolean => {
  if (element !== property) return false
  if (system === undefined && concept.text === value) return true
  return (concept.coding ?? []).some(
    (coding) =>
      coding.code === value && (system === undefined || coding.system === parseCanonical(system).url),
  )
}

const matchOf = (
  map: ConceptMap,
  { system, version }: CodeSystemVersion,
  { code, display, equivalence, product = [] }: MapTarget,
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

/**
 * The mode for unmapped codes, https://hl7.org/fhir/R4/conceptmap-definitions.html#ConceptMap.group.unmapped
 */
const others = async (
  walk: TranslationWalk,
  map: ConceptMap,
  { unmapped }: ConceptMapGroup,
  to: CodeSystemVersion,
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

const inOther = async (walk: TranslationWalk, url = ''): Promise<readonly Match[]> => {
  const isRound = walk.way.some((map) => map.url === parseCanonical(url).url)
  if (!isRound && walk.consulted.has(url)) return []
  walk.consulted.add(url)
  const other = isRound ? undefined : await walk.knowledge.conceptMap(url)
  if (other) return inMap(walk, other)
  const why = isRound ? 'which leads back to it' : 'which is not held'
  walk.notes.add(`Of codes that it does not map it asks the concept map \`${url}\`, ${why}.`)
  return []
}
