/** A code system as a graph, https://hl7.org/fhir/R4/codesystem.html#hierarchy, put together from the pieces it was loaded in. */

import type { CodeSystem, Concept, Designation, Property } from './resources.ts'

/** One code with its place in the hierarchy. */
export interface Node {
  readonly code: string
  display?: string
  definition?: string
  designations: readonly Designation[]
  properties: readonly Property[]
  parents: ReadonlySet<string>
  children: ReadonlySet<string>
}

export interface System {
  readonly url: string
  readonly version?: string
  readonly name: string
  /** Whether a code that is not here does not exist. */
  readonly complete: boolean
  readonly caseSensitive: boolean
  /** Whether what lies below a code is a kind of it, https://hl7.org/fhir/R4/codesystem-definitions.html#CodeSystem.hierarchyMeaning */
  readonly isA: boolean
  readonly nodes: ReadonlyMap<string, Node>
  /** Codes by their lower case, where case does not matter. */
  readonly folded?: ReadonlyMap<string, string>
}

/** Returns the code system that the pieces make together; a later one says more than an earlier one. */
export const systemOf = (
  pieces: readonly CodeSystem[],
  supplements: readonly CodeSystem[] = [],
): System | undefined => {
  const newest = pieces.at(-1)
  if (!newest || pieces.every(({ content, concept }) => content === 'not-present' && !concept))
    return undefined
  const nodes = new Map<string, Node>()
  for (const { concept = [] } of pieces) addAll(nodes, concept, undefined)
  for (const { concept = [] } of supplements) for (const each of flat(concept)) supplement(nodes, each)
  link(nodes, kindsIn(pieces))
  const caseSensitive = newest.caseSensitive !== false
  return {
    url: newest.url,
    ...(newest.version !== undefined && { version: newest.version }),
    name: newest.title ?? newest.name ?? newest.url,
    complete: pieces.some(({ content }) => content === 'complete'),
    caseSensitive,
    isA: (newest.hierarchyMeaning ?? 'is-a') === 'is-a',
    nodes,
    ...(!caseSensitive && { folded: new Map([...nodes.keys()].map((code) => [code.toLowerCase(), code])) }),
  }
}

const addAll = (nodes: Map<string, Node>, concepts: readonly Concept[], parent: string | undefined): void => {
  for (const concept of concepts) {
    const node = nodes.get(concept.code) ?? newNode(concept.code)
    nodes.set(concept.code, node)
    if (concept.display !== undefined) node.display = concept.display
    if (concept.definition !== undefined) node.definition = concept.definition
    addMore(node, concept)
    if (parent !== undefined) node.parents = plus(node.parents, parent)
    addAll(nodes, concept.concept ?? [], concept.code)
  }
}

const newNode = (code: string): Node => ({
  code,
  designations: [],
  properties: [],
  parents: nobody,
  children: nobody,
})

/** Most codes have no children, so they share this. */
const nobody: ReadonlySet<string> = new Set()

const plus = (set: ReadonlySet<string>, code: string): ReadonlySet<string> =>
  set === nobody ? new Set([code]) : (set as Set<string>).add(code)

const addMore = (node: Node, { designation = [], property = [] }: Concept): void => {
  if (designation.length > 0) node.designations = [...node.designations, ...designation]
  if (property.length > 0) node.properties = [...node.properties, ...property]
}

const flat = (concepts: readonly Concept[]): Concept[] =>
  concepts.flatMap((concept) => [concept, ...flat(concept.concept ?? [])])

/** A supplement says more of a code, but makes none. */
const supplement = (nodes: ReadonlyMap<string, Node>, concept: Concept): void => {
  const node = nodes.get(concept.code)
  if (node) addMore(node, concept)
}

type Kind = 'parent' | 'child'

/** Which properties place a code in the hierarchy: those of these names, and those defined to mean the same. */
const kindsIn = (pieces: readonly CodeSystem[]): ReadonlyMap<string, Kind> => {
  const kinds = new Map<string, Kind>([
    ['parent', 'parent'],
    ['subsumedBy', 'parent'],
    ['child', 'child'],
  ])
  for (const { code, uri = '' } of pieces.flatMap(({ property = [] }) => property)) {
    const name = /concept-properties#(.+)$/.exec(uri)?.[1]
    if (name === 'parent' || name === 'child') kinds.set(code, name)
  }
  return kinds
}

const link = (nodes: ReadonlyMap<string, Node>, kinds: ReadonlyMap<string, Kind>): void => {
  for (const node of nodes.values())
    for (const property of node.properties) {
      const kind = kinds.get(property.code)
      const other = kind && textOf(property)
      if (kind === 'parent' && other !== undefined) node.parents = plus(node.parents, other)
      const child = kind === 'child' && other !== undefined ? nodes.get(other) : undefined
      if (child) child.parents = plus(child.parents, node.code)
    }
  for (const node of nodes.values())
    for (const parent of node.parents) {
      const above = nodes.get(parent)
      if (above) above.children = plus(above.children, node.code)
    }
}

/** Returns a property's value as text: a coding's code, anything else as it is written. */
export const textOf = (property: Property): string | undefined => {
  const value = Object.entries(property).find(([name]) => name.startsWith('value'))?.[1]
  if (typeof value === 'object' && value !== null) return 'code' in value ? String(value.code) : undefined
  return value === undefined || value === null ? undefined : String(value)
}

/** Returns the values of a code's property. */
export const valuesOf = ({ properties }: Node, name: string): readonly string[] =>
  properties
    .filter(({ code }) => code === name)
    .map(textOf)
    .filter((value) => value !== undefined)

/** Returns what the system says of a code; undefined where it does not hold it. */
export const nodeOf = ({ nodes, folded }: System, code: string): Node | undefined =>
  nodes.get(code) ?? (folded && nodes.get(folded.get(code.toLowerCase()) ?? ''))

/** Returns whether the code is the other or lies below it. */
export const isA = ({ nodes }: System, code: string, top: string): boolean => {
  const seen = new Set([code])
  for (const each of seen) {
    if (each === top) return true
    for (const parent of nodes.get(each)?.parents ?? []) seen.add(parent)
  }
  return false
}

/** Returns whether everything above a code is there. */
export const isRooted = ({ nodes }: System, { parents }: Node): boolean => {
  const seen = new Set(parents)
  for (const each of seen) {
    const node = nodes.get(each)
    if (!node) return false
    for (const parent of node.parents) seen.add(parent)
  }
  return true
}

const retired = new Set(['retired', 'inactive', 'deprecated', 'withdrawn'])

/** Returns whether a code is no longer to be used, https://hl7.org/fhir/R4/codesystem-concept-properties.html */
export const isInactive = (node: Node): boolean =>
  valuesOf(node, 'inactive').includes('true') ||
  valuesOf(node, 'status').some((status) => retired.has(status))

/** Returns whether a code only groups others. */
export const isAbstract = (node: Node): boolean =>
  ['notSelectable', 'abstract'].some((name) => valuesOf(node, name).includes('true'))
