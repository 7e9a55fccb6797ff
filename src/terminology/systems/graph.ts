/**
 * A code system as a graph, https://hl7.org/fhir/R4/codesystem.html#hierarchy, joined from the resources that
 * hold its pieces.
 */

import type { CodeSystemConcept, CodeSystemResource, Designation, Property } from '../resources.ts'

/** A code with its place in the hierarchy. */
export interface CodeNode {
  readonly code: string
  display?: string
  definition?: string
  designations: readonly Designation[]
  properties: readonly Property[]
  parents: ReadonlySet<string>
  children: ReadonlySet<string>
}

export interface CodeSystemGraph {
  readonly url: string
  readonly version?: string
  readonly name: string
  /** Whether a code that is not here does not exist. */
  readonly complete: boolean
  readonly caseSensitive: boolean
  /**
   * Returns whether codes below a code are kinds of the code,
   * https://hl7.org/fhir/R4/codesystem-definitions.html#CodeSystem.hierarchyMeaning
   */
  readonly isA: boolean
  readonly nodes: ReadonlyMap<string, CodeNode>
  /** Codes by their lower case, where case does not matter. */
  readonly folded?: ReadonlyMap<string, string>
}

/** Returns the code system joined from its pieces; a later piece overrides an earlier. Undefined without any codes. */
export const systemOf = (
  pieces: readonly CodeSystemResource[],
  supplements: readonly CodeSystemResource[] = [],
): CodeSystemGraph | undefined => {
  const newest = pieces.at(-1)
  if (!newest || pieces.every(({ content, concept }) => content === 'not-present' && !concept))
    return undefined
  const nodes = new Map<string, CodeNode>()
  for (const { concept = [] } of pieces) addAll(nodes, concept, undefined)
  for (const { concept = [] } of supplements)
    for (const each of flatConcepts(concept)) supplement(nodes, each)
  linkNodes(nodes, kindsIn(pieces))
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

const addAll = (
  nodes: Map<string, CodeNode>,
  concepts: readonly CodeSystemConcept[],
  parent: string | undefined,
): void => {
  for (const concept of concepts) {
    const node = nodes.get(concept.code) ?? newNode(concept.code)
    nodes.set(concept.code, node)
    if (concept.display !== undefined) node.display = concept.display
    if (concept.definition !== undefined) node.definition = concept.definition
    addMore(node, concept)
    if (parent !== undefined) node.parents = addCode(node.parents, parent)
    addAll(nodes, concept.concept ?? [], concept.code)
  }
}

const newNode = (code: string): CodeNode => ({
  code,
  designations: [],
  properties: [],
  parents: noCodes,
  children: noCodes,
})

/** Most codes have no children, so they share this. */
const noCodes: ReadonlySet<string> = new Set()

const addCode = (set: ReadonlySet<string>, code: string): ReadonlySet<string> =>
  set === noCodes ? new Set([code]) : (set as Set<string>).add(code)

const addMore = (node: CodeNode, { designation = [], property = [] }: CodeSystemConcept): void => {
  if (designation.length > 0) node.designations = [...node.designations, ...designation]
  if (property.length > 0) node.properties = [...node.properties, ...property]
}

const flatConcepts = (concepts: readonly CodeSystemConcept[]): CodeSystemConcept[] =>
  concepts.flatMap((concept) => [concept, ...flatConcepts(concept.concept ?? [])])

/** A supplement adds to codes that exist, and adds no codes. */
const supplement = (nodes: ReadonlyMap<string, CodeNode>, concept: CodeSystemConcept): void => {
  const node = nodes.get(concept.code)
  if (node) addMore(node, concept)
}

type HierarchyProperty = 'parent' | 'child'

/** Returns the properties that place a code in the hierarchy, by name or by their `uri`. */
const kindsIn = (pieces: readonly CodeSystemResource[]): ReadonlyMap<string, HierarchyProperty> => {
  const kinds = new Map<string, HierarchyProperty>([
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

const linkNodes = (
  nodes: ReadonlyMap<string, CodeNode>,
  kinds: ReadonlyMap<string, HierarchyProperty>,
): void => {
  for (const node of nodes.values())
    for (const property of node.properties) {
      const kind = kinds.get(property.code)
      const other = kind && propertyText(property)
      if (kind === 'parent' && other !== undefined) node.parents = addCode(node.parents, other)
      const child = kind === 'child' && other !== undefined ? nodes.get(other) : undefined
      if (child) child.parents = addCode(child.parents, node.code)
    }
  for (const node of nodes.values())
    for (const parent of node.parents) {
      const above = nodes.get(parent)
      if (above) above.children = addCode(above.children, node.code)
    }
}

/** Returns the value of a property as text; for a coding, its code. */
export const propertyText = (property: Property): string | undefined => {
  const value = Object.entries(property).find(([name]) => name.startsWith('value'))?.[1]
  if (typeof value === 'object' && value !== null) return 'code' in value ? String(value.code) : undefined
  return value === undefined || value === null ? undefined : String(value)
}

/** Returns the values of a code's property. */
export const propertyValues = ({ properties }: CodeNode, name: string): readonly string[] =>
  properties
    .filter(({ code }) => code === name)
    .map(propertyText)
    .filter((value) => value !== undefined)

/** Returns the node of a code; undefined where the loaded pieces lack the code. */
export const nodeOf = ({ nodes, folded }: CodeSystemGraph, code: string): CodeNode | undefined =>
  nodes.get(code) ?? (folded && nodes.get(folded.get(code.toLowerCase()) ?? ''))

/** Returns whether the code equals `top` or lies below `top`. */
export const isSameOrBelow = ({ nodes }: CodeSystemGraph, code: string, top: string): boolean => {
  const seen = new Set([code])
  for (const each of seen) {
    if (each === top) return true
    for (const parent of nodes.get(each)?.parents ?? []) seen.add(parent)
  }
  return false
}

/** Returns whether everything above a code is there. */
export const isRooted = ({ nodes }: CodeSystemGraph, { parents }: CodeNode): boolean => {
  const seen = new Set(parents)
  for (const each of seen) {
    const node = nodes.get(each)
    if (!node) return false
    for (const parent of node.parents) seen.add(parent)
  }
  return true
}

const retiredStatuses = new Set(['retired', 'inactive', 'deprecated', 'withdrawn'])

/** Returns whether a code is no longer to be used, https://hl7.org/fhir/R4/codesystem-concept-properties.html */
export const isInactive = (node: CodeNode): boolean =>
  propertyValues(node, 'inactive').includes('true') ||
  propertyValues(node, 'status').some((status) => retiredStatuses.has(status))

/** Returns whether a code only groups codes. */
export const isAbstract = (node: CodeNode): boolean =>
  ['notSelectable', 'abstract'].some((name) => propertyValues(node, name).includes('true'))
