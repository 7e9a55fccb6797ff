/** The structure of every R4 type, https://hl7.org/fhir/R4/structuredefinition.html, read type by type. */

import { tables, targetLists, valueSets } from './generated/structure.js'

/** A type that an element may have. */
export interface TypeRule {
  /** `Quantity`, `string`, `BackboneElement`. */
  code: string
  /** The name of the structure of the content: the type's name, or the path of an inline element. */
  content: string
  /** The types that a reference or canonical may point to; absent if any type is allowed. */
  targets?: readonly string[]
}

export interface ElementRule {
  /** `Observation.component.value[x]` */
  path: string
  /** `value`, without the `[x]` of a choice. */
  name: string
  choice: boolean
  min: number
  max: number
  types: readonly TypeRule[]
  isSummary: boolean
  isModifier: boolean
  /** The value set of a required binding. */
  required?: string
}

/** The element and the type of an object's member, by the member's JSON name. */
export interface MemberRule {
  element: ElementRule
  type: TypeRule
}

/** A type's, or an inline element's, content. */
export interface Structure {
  /** `Observation`, `HumanName`, `Observation.component`. */
  name: string
  kind: 'resource' | 'complex-type' | 'primitive-type'
  abstract: boolean
  base?: string
  /** In the order of the definition, the order of elements in XML. */
  elements: readonly ElementRule[]
  /** By JSON name, choices under each of their names: `valueQuantity`. */
  members: ReadonlyMap<string, MemberRule>
}

const structures = new Map<string, Structure>()

/** Returns the structure of a type, or of the inline element at a path; undefined if R4 defines neither. */
export const structureOf = (name: string): Structure | undefined => {
  const known = structures.get(name)
  if (known) return known
  readTable(name.split('.')[0] ?? name)
  return structures.get(name)
}

const readTable = (type: string): void => {
  const [head = '', ...lines] = Object.hasOwn(tables, type) ? (tables[type] ?? '').split('\n') : []
  if (head === '') return
  const [kind = '', base] = head.split(' ')
  const abstract = kind.startsWith('abstract-')
  const own = { kind: kind.replace('abstract-', '') as Structure['kind'], abstract, ...(base && { base }) }
  readLevel(type, own, lines, 0, 0)
}

type Head = Pick<Structure, 'kind' | 'abstract' | 'base'>

/** Reads the lines of a single depth from `at` on; returns the index of the first line of a smaller depth. */
const readLevel = (
  name: string,
  head: Head,
  lines: readonly string[],
  depth: number,
  from: number,
): number => {
  const elements = inherited(name, head.base)
  let at = from
  while (at < lines.length && lineDepth(lines[at]) === depth) {
    const element = readElement(name, lines[at] ?? '', lineDepth(lines[at + 1]) > depth)
    const overridden = elements.findIndex((other) => other.name === element.name)
    if (overridden === -1) elements.push(element)
    else elements[overridden] = element
    at++
    if (lineDepth(lines[at]) > depth) at = readInline(element, lines, depth + 1, at)
  }
  structures.set(name, { name, ...head, elements, members: jsonMembersOf(elements) })
  return at
}

const inherited = (name: string, base: string | undefined): ElementRule[] => {
  const elements = base ? (structureOf(base)?.elements ?? []) : []
  return elements.map((element) => ({ ...element, path: element.path.replace(base ?? '', name) }))
}

const lineDepth = (line: string | undefined): number => (line === undefined ? -1 : line.search(/\S/))

const readInline = (element: ElementRule, lines: readonly string[], depth: number, at: number): number => {
  const base = element.types[0]?.code ?? 'Element'
  return readLevel(element.path, { kind: 'complex-type', abstract: false, base }, lines, depth, at)
}

const readElement = (parent: string, line: string, inline: boolean): ElementRule => {
  const [written = '', flags = '', types = '', binding] = line.trimStart().split(' ')
  const [, summary, modifier, min, max] = /^(S?)(M?)(\d*)(\*|-\d+)?$/.exec(flags) ?? []
  const path = `${parent}.${written}`
  const required = binding === undefined ? undefined : valueSets[Number(binding)]
  return {
    path,
    name: written.replace('[x]', ''),
    choice: written.endsWith('[x]'),
    min: Number(min),
    max: max === '*' ? Number.POSITIVE_INFINITY : max === undefined ? 1 : Number(max.slice(1)),
    types: types.startsWith('#')
      ? [contentReference(types.slice(1))]
      : readTypes(types, inline ? path : undefined),
    isSummary: summary === 'S',
    isModifier: modifier === 'M',
    ...(required && { required }),
  }
}

const contentReference = (content: string): TypeRule => ({ code: 'BackboneElement', content })

const readTypes = (types: string, inline: string | undefined): TypeRule[] =>
  types.split(',').map((text) => {
    const [, code = '', list] = /^([^(]+)(?:\((\d+)\))?$/.exec(text) ?? []
    const targets = list === undefined ? undefined : targetLists[Number(list)]
    return { code, content: inline ?? code, ...(targets && { targets: targets.split(' ') }) }
  })

const jsonMembersOf = (elements: readonly ElementRule[]): Map<string, MemberRule> =>
  new Map(
    elements.flatMap((element) =>
      element.types.map((type): [string, MemberRule] => [memberName(element, type), { element, type }]),
    ),
  )

const memberName = ({ name, choice }: ElementRule, { code }: TypeRule): string =>
  choice ? name + code.charAt(0).toUpperCase() + code.slice(1) : name
