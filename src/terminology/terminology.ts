/**
 * The terminology of a store: R4's own code systems and value sets, and stored ones, with precedence for the
 * stored.
 */

import { byVersion } from '../fhir/canonical.ts'
import { parseCanonical } from '../fhir/references.ts'
import { openStages } from '../search/reading/stages.ts'
import type { Reader } from '../store/reader.ts'
import { type StoredConformance, storedByAddress } from './find.ts'
import type { CodeSystemResource, ValueSetResource } from './resources.ts'
import { type CodeSystemGraph, systemOf } from './systems/graph.ts'
import { standardSystems, standardValueSets } from './systems/standard.ts'
import { implicitValueSet } from './value-sets/implicit.ts'

/** The terminology of one store during one request. */
export interface Terminology {
  /** Returns a code system in that version, or in the newest; undefined where not loaded. */
  system(url: string, version?: string): Promise<CodeSystemGraph | undefined>
  /** Returns the value set of `url` or `url|version`; undefined where not loaded. */
  valueSet(canonical: string): Promise<ValueSetResource | undefined>
}

/** Opens the terminology. Every look-up happens once and its answer stays, so open anew for each request. */
export const openTerminology = (store: Reader): Terminology => {
  const systems = new Map<string, Promise<CodeSystemGraph | undefined>>()
  const valueSets = new Map<string, Promise<ValueSetResource | undefined>>()
  return {
    system: (url, version) =>
      lookUpOnce(systems, `${url}|${version ?? ''}`, () => findSystem(store, url, version)),
    valueSet: (canonical) => lookUpOnce(valueSets, canonical, () => findValueSet(store, canonical)),
  }
}

const lookUpOnce = <T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> => {
  const found = known.get(key) ?? find()
  known.set(key, found)
  return found
}

const isHeld =
  (version: string | undefined) =>
  (resource: { version?: string }): boolean =>
    version === undefined || resource.version === version

const findValueSet = async (store: Reader, canonical: string): Promise<ValueSetResource | undefined> => {
  const { url, version } = parseCanonical(canonical)
  const stored = await storedByAddress(store, 'ValueSet', 'url', url)
  const own = stored.findLast(isHeld(version))?.resource() as ValueSetResource | undefined
  return own ?? standardValueSets(url).findLast(isHeld(version)) ?? implicitValueSet(canonical)
}

/**
 * Joins the pieces of a version; R4's own system is a further piece where the stored pieces are incomplete.
 */
const findSystem = async (
  store: Reader,
  url: string,
  version: string | undefined,
): Promise<CodeSystemGraph | undefined> => {
  const stages = openStages(store)
  const [stored, supplements] = await Promise.all([
    storedByAddress(store, 'CodeSystem', 'url', url, stages),
    storedByAddress(store, 'CodeSystem', 'supplements', url, stages),
  ])
  stages.end()
  const pieces = stored.filter((each) => each.content !== 'supplement' && isHeld(version)(each))
  const newest = pieces.at(-1)?.version
  const together = pieces.filter((each) => each.version === newest)
  const whole = together.some(({ content }) => content === 'complete')
  const standard = whole ? [] : standardPieces(url, version)
  return built(url, standard, together, supplements)
}

const standardPieces = (url: string, version: string | undefined): readonly CodeSystemResource[] => {
  const held = standardSystems(url).filter(isHeld(version))
  return held.toSorted((a, b) => byVersion(a.version, b.version)).slice(-1)
}

/** Graphs that were built, by the writes they were built from; a version never changes, so they stay right. */
const graphs = new Map<string, CodeSystemGraph>()
const mostRememberedCodes = 300_000

const makeRoom = (): void => {
  let codes = [...graphs.values()].reduce((sum, system) => sum + system.nodes.size, 0)
  for (const [oldest, system] of graphs) {
    if (codes <= mostRememberedCodes || graphs.size === 1) break
    graphs.delete(oldest)
    codes -= system.nodes.size
  }
}

const built = (
  url: string,
  standard: readonly CodeSystemResource[],
  pieces: readonly StoredConformance[],
  supplements: readonly StoredConformance[],
): CodeSystemGraph | undefined => {
  const of = (found: readonly StoredConformance[]): string => found.map(({ id, w }) => `${id}/${w}`).join(' ')
  const key = [url, standard[0]?.version, of(pieces), of(supplements)].join('|')
  if (graphs.has(key)) return graphs.get(key)
  const system = systemOf([...standard, ...systemsIn(pieces)], systemsIn(supplements))
  if (!system) return undefined
  graphs.set(key, system)
  makeRoom()
  return system
}

const systemsIn = (found: readonly StoredConformance[]): CodeSystemResource[] =>
  found.map((each) => each.resource() as unknown as CodeSystemResource)
