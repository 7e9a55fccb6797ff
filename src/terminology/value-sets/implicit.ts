/** Value sets that an address alone defines, https://hl7.org/fhir/R4/snomedct.html#implicit and https://hl7.org/fhir/R4/loinc.html#implicit */

import type { ComposeFilter, ComposePart, ValueSetResource } from '../resources.ts'

const wholeSystems: Readonly<Record<string, string>> = { 'http://loinc.org/vs': 'http://loinc.org' }

const setOf = (url: string, part: ComposePart): ValueSetResource => ({
  resourceType: 'ValueSet',
  url,
  status: 'active',
  compose: { include: [part] },
})

const descendantFilter = (code: string): readonly ComposeFilter[] => [
  { property: 'concept', op: 'is-a', value: code },
]

/**
 * Returns the value set of `[system]?fhir_vs`, `[system]?fhir_vs=isa/[code]` or all of LOINC; else undefined.
 */
export const implicitValueSet = (url: string): ValueSetResource | undefined => {
  const system = Object.hasOwn(wholeSystems, url) ? wholeSystems[url] : undefined
  if (system !== undefined) return setOf(url, { system })
  const [, named, which] = /^([^?]+)\?fhir_vs(?:=(.+))?$/.exec(url) ?? []
  if (named === undefined) return undefined
  if (which === undefined) return setOf(url, { system: named })
  const [, code] = /^isa\/(.+)$/.exec(which) ?? []
  return code === undefined ? undefined : setOf(url, { system: named, filter: descendantFilter(code) })
}
