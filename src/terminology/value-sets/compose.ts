/** The definition of a value set, https://hl7.org/fhir/R4/valueset.html#compositions */

import type { CodeSystemConcept, ComposePart, ValueSetResource } from '../resources.ts'

/** Returns the definition of a value set; for a bare expansion, a definition that lists its codes. */
export const composeOf = ({ compose, expansion }: ValueSetResource): Compose => {
  if (compose) return withoutStars(compose)
  const listed = flatContains(expansion?.contains ?? []).filter(
    ({ code, abstract }) => code !== undefined && !abstract,
  )
  const groups = Map.groupBy(listed, ({ system }) => system ?? '')
  return {
    include: [...groups].map(([system, concept]) => ({ system, concept: concept as CodeSystemConcept[] })),
  }
}

type Compose = NonNullable<ValueSetResource['compose']>

/** `*` means all versions; of these the newest is held. */
const withoutStars = (compose: Compose): Compose => {
  const { include, exclude = [] } = compose
  if (![...include, ...exclude].some(({ version }) => version === '*')) return compose
  const free = ({ version, ...part }: ComposePart): ComposePart =>
    version === undefined || version === '*' ? part : { ...part, version }
  return { ...compose, include: include.map(free), exclude: exclude.map(free) }
}

/** Returns whether a value set has no definition, and no results that are all there are. */
export const isPartial = ({ compose, expansion }: ValueSetResource): boolean => {
  if (compose) return false
  const { total, contains = [], extension = [] } = expansion ?? {}
  const isOpen = extension.some(({ url, valueBoolean }) => url === unclosed && valueBoolean)
  return !expansion || isOpen || (total !== undefined && total > flatContains(contains).length)
}

/** Marks an expansion that does not have all codes. */
export const unclosed = 'http://hl7.org/fhir/StructureDefinition/valueset-unclosed'

type ContainsList = NonNullable<NonNullable<ValueSetResource['expansion']>['contains']>

const flatContains = (contains: ContainsList): ContainsList[number][] =>
  contains.flatMap((each) => [each, ...flatContains(each.contains ?? [])])
