/** Everything that one value set leads to, gathered so that the rest can be worked out without waiting. */

import { parseCanonical } from '../fhir/references.ts'
import { failure } from '../outcome/failure.ts'
import { composeOf, type Judge } from './judge.ts'
import type { Part, ValueSet } from './resources.ts'
import type { System } from './system.ts'
import type { Terminology } from './terminology.ts'

export interface Held {
  system(url: string, version?: string): System | undefined
  valueSet(canonical: string): ValueSet | undefined
  /** All code systems among it. */
  systems: readonly System[]
  /** The judges made so far. */
  judges: Map<ValueSet, Judge>
  /** What is led to and not held, in words. */
  missing: readonly string[]
}

/** More than any value set of the standard leads to, by far. */
const most = 500

/** Returns what a value set leads to. Fails with `too-costly` where that does not end. */
export const gather = async (terminology: Terminology, start: ValueSet): Promise<Held> => {
  const systems = new Map<string, System | undefined>()
  const valueSets = new Map<string, ValueSet | undefined>()
  let left: readonly ValueSet[] = [start]
  while (left.length > 0) {
    const parts = left.flatMap(partsOf)
    await Promise.all(systemKeys(parts, systems).map(load(systems, systemIn(terminology))))
    const sets = new Set(
      parts.flatMap(({ valueSet = [] }) => valueSet).filter((each) => !valueSets.has(each)),
    )
    await Promise.all([...sets].map(load(valueSets, (canonical) => terminology.valueSet(canonical))))
    if (systems.size + valueSets.size > most) throw tooMany()
    left = [...sets].map((canonical) => valueSets.get(canonical)).filter((set) => set !== undefined)
  }
  return {
    system: (url, version) => systems.get(keyOf(url, version)),
    valueSet: (canonical) => valueSets.get(canonical),
    systems: [...systems.values()].filter((system) => system !== undefined),
    judges: new Map(),
    missing: [...absent(systems, 'code system'), ...absent(valueSets, 'value set')],
  }
}

const partsOf = (valueSet: ValueSet): readonly Part[] => {
  const { include, exclude = [] } = composeOf(valueSet)
  return [...include, ...exclude]
}

const keyOf = (url: string, version: string | undefined): string =>
  version === undefined ? url : `${url}|${version}`

const systemKeys = (parts: readonly Part[], known: ReadonlyMap<string, unknown>): string[] => {
  const keys = parts.flatMap(({ system, version }) => (system === undefined ? [] : [keyOf(system, version)]))
  return [...new Set(keys)].filter((key) => !known.has(key))
}

const systemIn =
  (terminology: Terminology) =>
  (key: string): Promise<System | undefined> => {
    const { url, version } = parseCanonical(key)
    return terminology.system(url, version)
  }

const load =
  <T>(into: Map<string, T | undefined>, find: (key: string) => Promise<T | undefined>) =>
  async (key: string): Promise<void> => {
    into.set(key, await find(key))
  }

const absent = (found: ReadonlyMap<string, unknown>, what: string): string[] =>
  [...found].filter(([, value]) => value === undefined).map(([key]) => `the ${what} \`${key}\``)

const tooMany = () =>
  failure('too-costly', `The value set leads to more than ${most} code systems and value sets.`)
