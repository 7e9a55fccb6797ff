/** Value sets that an address alone defines, https://hl7.org/fhir/R4/snomedct.html#implicit and https://hl7.org/fhir/R4/loinc.html#implicit */

import type { Filter, Part, ValueSet } from './resources.ts'

const whole: Readonly<Record<string, string>> = { 'http://loinc.org/vs': 'http://loinc.org' }

const setOf = (url: string, part: Part): ValueSet => ({
  resourceType: 'ValueSet',
  url,
  status: 'active',
  compose: { include: [part] },
})

const below = (code: string): readonly Filter[] => [{ property: 'concept', op: 'is-a', value: code }]

/** Returns the value set of `[system]?fhir_vs`, `[system]?fhir_vs=isa/[code]` or all of LOINC; undefined for other addresses. */
export const implicitValueSet = (url: string): ValueSet | undefined => {
  const system = Object.hasOwn(whole, url) ? whole[url] : undefined
  if (system !== undefined) return setOf(url, { system })
  const [, named, which] = /^([^?]+)\?fhir_vs(?:=(.+))?$/.exec(url) ?? []
  if (named === undefined) return undefined
  if (which === undefined) return setOf(url, { system: named })
  const [, code] = /^isa\/(.+)$/.exec(which) ?? []
  return code === undefined ? undefined : setOf(url, { system: named, filter: below(code) })
}
