/** https://hl7.org/fhir/R4/conceptmap.html, as far as codes are translated by it. */

/** An element beside the code: one that a mapping depends on, or one that it makes. */
export interface Beside {
  property: string
  system?: string | undefined
  value: string
  display?: string | undefined
}

export interface Target {
  code?: string | undefined
  display?: string | undefined
  equivalence: string
  dependsOn?: readonly Beside[] | undefined
  product?: readonly Beside[] | undefined
}

interface Element {
  code?: string | undefined
  display?: string | undefined
  target?: readonly Target[] | undefined
}

export interface Group {
  source?: string | undefined
  sourceVersion?: string | undefined
  target?: string | undefined
  targetVersion?: string | undefined
  element: readonly Element[]
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
  group?: readonly Group[]
}

/** Returns the address of the value set that a map translates from. */
export const sourceSetOf = ({ sourceCanonical, sourceUri }: ConceptMap): string | undefined =>
  sourceCanonical ?? sourceUri

/** Returns the address of the value set that a map translates to. */
export const targetSetOf = ({ targetCanonical, targetUri }: ConceptMap): string | undefined =>
  targetCanonical ?? targetUri

/** Returns what a group says of a code, which `is` recognises. */
export const targetsOf = ({ element }: Group, is: (code: string) => boolean): readonly Target[] =>
  element.flatMap(({ code, target = [] }) => (code !== undefined && is(code) ? target : []))

/** Returns the map read backwards: which codes it maps to each of its targets. What it does with all others cannot be turned. */
export const reversed = (map: ConceptMap): ConceptMap => ({
  ...map,
  sourceCanonical: undefined,
  targetCanonical: undefined,
  sourceUri: targetSetOf(map),
  targetUri: sourceSetOf(map),
  group: (map.group ?? []).map(reversedGroup),
})

const reversedGroup = (group: Group): Group => ({
  source: group.target,
  sourceVersion: group.targetVersion,
  target: group.source,
  targetVersion: group.sourceVersion,
  element: group.element.flatMap((element) =>
    (element.target ?? []).map((target) => reversedElement(element, target)),
  ),
})

/** What the mapping depended on is now what comes of it. */
const reversedElement = ({ code, display }: Element, target: Target): Element => ({
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

/** https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html — all others say the same both ways. */
const turned: Readonly<Record<string, string>> = {
  wider: 'narrower',
  narrower: 'wider',
  subsumes: 'specializes',
  specializes: 'subsumes',
}
