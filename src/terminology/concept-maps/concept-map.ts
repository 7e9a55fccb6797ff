/** https://hl7.org/fhir/R4/conceptmap.html, the elements that translation reads. */

/** A `dependsOn` or a `product` of a mapping. */
export interface MappedElement {
  property: string
  system?: string | undefined
  value: string
  display?: string | undefined
}

export interface MapTarget {
  code?: string | undefined
  display?: string | undefined
  equivalence: string
  dependsOn?: readonly MappedElement[] | undefined
  product?: readonly MappedElement[] | undefined
}

interface ConceptMapElement {
  code?: string | undefined
  display?: string | undefined
  target?: readonly MapTarget[] | undefined
}

export interface ConceptMapGroup {
  source?: string | undefined
  sourceVersion?: string | undefined
  target?: string | undefined
  targetVersion?: string | undefined
  element: readonly ConceptMapElement[]
  unmapped?: { mode: string; code?: string; display?: string; url?: string }
}

export interface ConceptMap {
  resourceType: 'ConceptMap'
  id?: string
  url?: string
  version?: string
  status?: string
  sourceUri?: string | undefined
  sourceCanonical?: string | undefined
  targetUri?: string | undefined
  targetCanonical?: string | undefined
  group?: readonly ConceptMapGroup[]
}

/** Returns the address of the value set that a map translates from. */
export const sourceSetOf = ({ sourceCanonical, sourceUri }: ConceptMap): string | undefined =>
  sourceCanonical ?? sourceUri

/** Returns the address of the value set that a map translates to. */
export const targetSetOf = ({ targetCanonical, targetUri }: ConceptMap): string | undefined =>
  targetCanonical ?? targetUri

/** Returns the targets that a group maps a code to; `is` compares the code. */
export const mappedTargets = (
  { element }: ConceptMapGroup,
  is: (code: string) => boolean,
): readonly MapTarget[] =>
  element.flatMap(({ code, target = [] }) => (code !== undefined && is(code) ? target : []))

/** Returns the map with source and target exchanged. `unmapped` has no reverse and is left out. */
export const reversed = (map: ConceptMap): ConceptMap => ({
  ...map,
  sourceCanonical: undefined,
  targetCanonical: undefined,
  sourceUri: targetSetOf(map),
  targetUri: sourceSetOf(map),
  group: (map.group ?? []).map(reversedGroup),
})

const reversedGroup = (group: ConceptMapGroup): ConceptMapGroup => ({
  source: group.target,
  sourceVersion: group.targetVersion,
  target: group.source,
  targetVersion: group.sourceVersion,
  element: group.element.flatMap((element) =>
    (element.target ?? []).map((target) => reversedElement(element, target)),
  ),
})

/** The `dependsOn` of a mapping becomes the `product` of its reverse. */
const reversedElement = ({ code, display }: ConceptMapElement, target: MapTarget): ConceptMapElement => ({
  code: target.code,
  target: [
    {
      code,
      display,
      equivalence: turned[target.equivalence] ?? target.equivalence,
      product: target.dependsOn,
    },
  ],
})

/**
 * https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html — equivalences that change in a reversed map.
 */
const turned: Readonly<Record<string, string>> = {
  wider: 'narrower',
  narrower: 'wider',
  subsumes: 'specializes',
  specializes: 'subsumes',
}
