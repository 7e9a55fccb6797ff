/** What is held: R4's own code systems and value sets, and those in the store, which come before them. */

import { parseCanonical } from '../fhir/references.ts'
import type { Store } from '../store/port.ts'
import { byVersion, type Found, foundBy } from './find.ts'
import { implicitValueSet } from './implicit.ts'
import type { CodeSystem, ValueSet } from './resources.ts'
import { standardSystems, standardValueSets } from './standard.ts'
import { type System, systemOf } from './system.ts'

/** What is held by one store, as one request sees it. */
export interface Terminology {
  /** Returns a code system: of that version, or the newest; undefined where it is not held. */
  system(url: string, version?: string): Promise<System | undefined>
  /** Returns the value set of `url` or `url|version`; undefined where it is not held. */
  valueSet(canonical: string): Promise<ValueSet | undefined>
}

/** Returns what is held; everything is looked up once and then stays as it was, so make a new one for each request. */
export const openTerminology = (store: Store): Terminology => {
  const systems = new Map<string, Promise<System | undefined>>()
  const valueSets = new Map<string, Promise<ValueSet | undefined>>()
  return {
    system: (url, version) => once(systems, `${url}|${version ?? ''}`, () => findSystem(store, url, version)),
    valueSet: (canonical) => once(valueSets, canonical, () => findValueSet(store, canonical)),
  }
}

const once = <T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> => {
  const found = known.get(key) ?? find()
  known.set(key, found)
  return found
}

const isHeld =
  (version: string | undefined) =>
  (resource: { version?: string }): boolean =>
    version === undefined || resource.version === version

const findValueSet = async (store: Store, canonical: string): Promise<ValueSet | undefined> => {
  const { url, version } = parseCanonical(canonical)
  const stored = await foundBy(store, 'ValueSet', 'url', url)
  const own = stored.findLast(isHeld(version))?.resource() as ValueSet | undefined
  return own ?? standardValueSets(url).findLast(isHeld(version)) ?? implicitValueSet(canonical)
}

/** Pieces of one version make the system together; R4's own is one more piece where the stored ones are only parts. */
const findSystem = async (
  store: Store,
  url: string,
  version: string | undefined,
): Promise<System | undefined> => {
  const [stored, supplements] = await Promise.all([
    foundBy(store, 'CodeSystem', 'url', url),
    foundBy(store, 'CodeSystem', 'supplements', url),
  ])
  const pieces = stored.filter((each) => each.content !== 'supplement' && isHeld(version)(each))
  const newest = pieces.at(-1)?.version
  const together = pieces.filter((each) => each.version === newest)
  const whole = together.some(({ content }) => content === 'complete')
  const standard = whole ? [] : standardPieces(url, version)
  return built(url, standard, together, supplements)
}

const standardPieces = (url: string, version: string | undefined): readonly CodeSystem[] => {
  const held = standardSystems(url).filter(isHeld(version))
  return held.toSorted((a, b) => byVersion(a.version, b.version)).slice(-1)
}

/** Graphs that were built, by the writes they were built from; a version never changes, so they stay right. */
const graphs = new Map<string, System>()
const mostCodes = 300_000

const makeRoom = (): void => {
  let codes = [...graphs.values()].reduce((sum, system) => sum + system.nodes.size, 0)
  for (const [oldest, system] of graphs) {
    if (codes <= mostCodes || graphs.size === 1) break
    graphs.delete(oldest)
    codes -= system.nodes.size
  }
}

const built = (
  url: string,
  standard: readonly CodeSystem[],
  pieces: readonly Found[],
  supplements: readonly Found[],
): System | undefined => {
  const of = (found: readonly Found[]): string => found.map(({ id, w }) => `${id}/${w}`).join(' ')
  const key = [url, standard[0]?.version, of(pieces), of(supplements)].join('|')
  if (graphs.has(key)) return graphs.get(key)
  const system = systemOf([...standard, ...systemsIn(pieces)], systemsIn(supplements))
  if (!system) return undefined
  graphs.set(key, system)
  makeRoom()
  return system
}

const systemsIn = (found: readonly Found[]): CodeSystem[] =>
  found.map((each) => each.resource() as unknown as CodeSystem)
