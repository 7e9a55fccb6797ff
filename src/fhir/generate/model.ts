/** The definitions as a tree that can be walked by element name. */

import type { SourceConstraint, SourceDefinitions, SourceElement, SourceStructure } from './source.ts'

/** A type that an element may have, with the resource types that a reference or canonical of the type may point to. */
export interface TypeUse {
  code: string
  targets: readonly string[]
}

export interface ElementNode {
  /** `Observation.component.value[x]` */
  path: string
  /** `value`, without the `[x]` of a choice. */
  name: string
  choice: boolean
  min: number
  max: number
  types: readonly TypeUse[]
  /** The path of the element whose content this element repeats. */
  contentReference?: string
  isSummary: boolean
  isModifier: boolean
  /** The value set of a required binding, without its version. */
  required?: string
  /** The same of an extensible binding. */
  extensible?: string
  constraints: readonly SourceConstraint[]
  children: ElementNode[]
}

export interface TypeNode {
  name: string
  kind: SourceStructure['kind']
  abstract: boolean
  base?: string
  root: ElementNode
}

/** All types by name and all elements by path. */
export interface Model {
  types: ReadonlyMap<string, TypeNode>
  elements: ReadonlyMap<string, ElementNode>
  resourceTypes: readonly string[]
}

const profilePrefix = 'http://hl7.org/fhir/StructureDefinition/'
const systemPrefix = 'http://hl7.org/fhirpath/System.'

/** Returns the definitions of all data types and resources as trees; profiles on data types are left out. */
export const buildModel = (definitions: SourceDefinitions): Model => {
  const elements = new Map<string, ElementNode>()
  const types = definitions.structures
    .filter(({ derivation, kind }) => derivation !== 'constraint' && kind !== 'logical')
    .map((definition) => typeNode(definition, elements))
  const resourceTypes = types
    .filter((type) => type.kind === 'resource' && !type.abstract)
    .map(({ name }) => name)
  return {
    types: new Map(types.map((type) => [type.name, type])),
    elements,
    resourceTypes: resourceTypes.sort(),
  }
}

const typeNode = (definition: SourceStructure, elements: Map<string, ElementNode>): TypeNode => {
  const { name, kind, abstract, baseDefinition, snapshot } = definition
  const nodes = snapshot.element.map((element) => elementNode(element, kind))
  for (const node of nodes) {
    elements.set(node.path, node)
    elements.get(node.path.slice(0, node.path.lastIndexOf('.')))?.children.push(node)
  }
  const base = baseDefinition?.slice(profilePrefix.length)
  return { name, kind, abstract, ...(base && { base }), root: nodes[0] as ElementNode }
}

const elementNode = (element: SourceElement, kind: SourceStructure['kind']): ElementNode => {
  const { path, min, max, contentReference, binding, constraint = [] } = element
  const name = path.slice(path.lastIndexOf('.') + 1)
  const isResourceId = kind === 'resource' && /^[A-Za-z]+\.id$/.test(path)
  return {
    path,
    name: name.replace('[x]', ''),
    choice: name.endsWith('[x]'),
    min,
    max: max === '*' ? Number.POSITIVE_INFINITY : Number(max),
    types: isResourceId ? [{ code: 'id', targets: [] }] : (element.type ?? []).map(typeUse),
    ...(contentReference && { contentReference: contentReference.slice(contentReference.indexOf('#') + 1) }),
    isSummary: element.isSummary ?? false,
    isModifier: element.isModifier ?? false,
    ...(binding?.strength === 'required' && { required: unversioned(binding.valueSet) }),
    ...(binding?.strength === 'extensible' && { extensible: unversioned(binding.valueSet) }),
    constraints: constraint,
    children: [],
  }
}

const unversioned = (canonical: string): string => canonical.split('|')[0] ?? canonical

const typeUse = (type: NonNullable<SourceElement['type']>[number]): TypeUse => {
  const fhirType = type.extension?.find(({ url }) => url.endsWith('structuredefinition-fhir-type'))?.valueUrl
  const code = type.code.startsWith(systemPrefix) ? (fhirType ?? 'string') : type.code
  return { code, targets: (type.targetProfile ?? []).map((profile) => profile.slice(profilePrefix.length)) }
}

/** Returns the elements directly below a value of that type, or below the inline element at that path. */
export const childElementsOf = (model: Model, typeOrPath: string): readonly ElementNode[] =>
  model.types.get(typeOrPath)?.root.children ?? model.elements.get(typeOrPath)?.children ?? []

/**
 * Returns the name by which to walk on below an element of that type: an inline element's own path, else the type's name.
 */
export const contentBelow = (element: ElementNode, code: string): string => {
  if (element.contentReference) return element.contentReference
  return element.children.length > 0 ? element.path : code
}

/** Returns the JSON name of a choice element with that type: `valueQuantity`. */
export const choiceName = (name: string, type: string): string =>
  name + type.charAt(0).toUpperCase() + type.slice(1)
