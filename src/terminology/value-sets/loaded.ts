/** Everything that a value set refers to, loaded before codes are judged, so that judging never waits. */

import { parseCanonical } from '../../fhir/references.ts'
import { failure } from '../../outcome/failure.ts'
import type { Judge } from '../membership.ts'
import type { ComposePart, ValueSetResource } from '../resources.ts'
import type { CodeSystemGraph } from '../systems/graph.ts'
import type { Terminology } from '../terminology.ts'
import { composeOf } from './compose.ts'

export interface LoadedTerminology {
  system(url: string, version?: string): CodeSystemGraph | undefined
  valueSet(canonical: string): ValueSetResource | undefined
  /** All loaded code systems. */
  systems: readonly CodeSystemGraph[]
  /** The judges made so far. */
  judges: Map<ValueSetResource, Judge>
  /** Code systems and value sets that were referred to and not found, in words. */
  missing: readonly string[]
}

/** More than any value set of the standard leads to, by far. */
const mostLoaded = 500

/** Loads everything that a value set refers to. Fails with `too-costly` above `mostLoaded` resources. */
export const loadReferred = async (
  terminology: Terminology,
  start: ValueSetResource,
): Promise<LoadedTerminology> => {
  const systems = new Map<string, CodeSystemGraph | undefined>()
  const valueSets = new Map<string, ValueSetResource | undefined>()
  let left: readonly ValueSetResource[] = [start]
  while (left.length > 0) {
    const parts = left.flatMap(composeParts)
    await Promise.all(systemKeys(parts, systems).map(loadInto(systems, systemIn(terminology))))
    const sets = new Set(
      parts.flatMap(({ valueSet = [] }) => valueSet).filter((each) => !valueSets.has(each)),
    )
    await Promise.all([...sets].map(loadInto(valueSets, (canonical) => terminology.valueSet(canonical))))
    if (systems.size + valueSets.size > mostLoaded) throw tooManyReferred()
    left = [...sets].map((canonical) => valueSets.get(canonical)).filter((set) => set !== undefined)
  }
  return {
    system: (url, version) => systems.get(systemKey(url, version)),
    valueSet: (canonical) => valueSets.get(canonical),
    systems: [...systems.values()].filter((system) => system !== undefined),
    judges: new Map(),
    missing: [...notFoundIn(systems, 'code system'), ...notFoundIn(valueSets, 'value set')],
  }
}

const composeParts = (valueSet: ValueSetResource): readonly ComposePart[] => {
  const { include, exclude = [] } = composeOf(valueSet)
  return [...include, ...exclude]
}

const systemKey = (url: string, version: string | undefined): string =>
  version === undefined ? url : `${url}|${version}`

const systemKeys = (parts: readonly ComposePart[], known: ReadonlyMap<string, unknown>): string[] => {
  const keys = parts.flatMap(({ system, version }) =>
    system === undefined ? [] : [systemKey(system, version)],
  )
  return [...new Set(keys)].filter((key) => !known.has(key))
}

const systemIn =
  (terminology: Terminology) =>
  (key: string): Promise<CodeSystemGraph | undefined> => {
    const { url, version } = parseCanonical(key)
    return terminology.system(url, version)
  }

const loadInto =
  <T>(into: Map<string, T | undefined>, find: (key: string) => Promise<T | undefined>) =>
  async (key: string): Promise<void> => {
    into.set(key, await find(key))
  }

const notFoundIn = (found: ReadonlyMap<string, unknown>, what: string): string[] =>
  [...found].filter(([, value]) => value === undefined).map(([key]) => `the ${what} \`${key}\``)

const tooManyReferred = () =>
  failure('too-costly', `The value set leads to more than ${mostLoaded} code systems and value sets.`)
