/** Writes the structure table: a line of text for every element of every type, read type by type. */

import { childElementsOf, type ElementNode, type Model, type TypeNode, type TypeUse } from './model.ts'

/** Lists that many elements share are written once and named by their position. */
class Pool {
  readonly items: string[] = []

  indexOf(item: string): number {
    const known = this.items.indexOf(item)
    return known === -1 ? this.items.push(item) - 1 : known
  }
}

interface LineWriter {
  model: Model
  targets: Pool
  valueSets: Pool
}

/** Returns the text of the module that `../structure.ts` reads. */
export const writeStructure = (model: Model): string => {
  const writer = { model, targets: new Pool(), valueSets: new Pool() }
  const tables = [...model.types.values()].map((type) => [type.name, tableOf(writer, type)])
  return [
    `export const tables = ${JSON.stringify(Object.fromEntries(tables), null, 1)}`,
    `export const targetLists = ${JSON.stringify(writer.targets.items)}`,
    `export const valueSets = ${JSON.stringify(writer.valueSets.items)}`,
    '',
  ].join('\n')
}

/** The first line is `kind base`; an element that its base type already has is left out. */
const tableOf = (writer: LineWriter, type: TypeNode): string => {
  const kind = type.abstract ? `abstract-${type.kind}` : type.kind
  const own = type.kind === 'primitive-type' ? [] : type.root.children
  return [`${kind} ${type.base ?? ''}`.trim(), ...linesOf(writer, own, type.base, '')].join('\n')
}

const linesOf = (
  writer: LineWriter,
  elements: readonly ElementNode[],
  base: string | undefined,
  indent: string,
): string[] => {
  const inherited = base === undefined ? [] : inheritedBy(writer.model, base)
  const own = elements.filter((element) => !inherited.some((other) => isSameElement(writer, element, other)))
  return own.flatMap((element) => {
    const inner = element.children.length > 0 ? element.types[0]?.code : undefined
    return [indent + lineOf(writer, element), ...linesOf(writer, element.children, inner, `${indent} `)]
  })
}

const inheritedBy = (model: Model, type: string): readonly ElementNode[] => {
  const base = model.types.get(type)?.base
  return [...(base ? inheritedBy(model, base) : []), ...childElementsOf(model, type)]
}

const isSameElement = (writer: LineWriter, a: ElementNode, b: ElementNode): boolean =>
  a.children.length === 0 && lineOf(writer, a) === lineOf(writer, b)

/** Returns an element's line: name, flags and cardinality, types, value set of a required binding. */
const lineOf = (writer: LineWriter, element: ElementNode): string => {
  const name = element.choice ? `${element.name}[x]` : element.name
  const flags = `${element.isSummary ? 'S' : ''}${element.isModifier ? 'M' : ''}${cardinality(element)}`
  const binding = element.required ? [String(writer.valueSets.indexOf(element.required))] : []
  return [name, flags, typesText(writer, element), ...binding].join(' ')
}

const cardinality = ({ min, max }: ElementNode): string =>
  `${min === 0 ? '' : min}${max === Number.POSITIVE_INFINITY ? '*' : max === 1 ? '' : `-${max}`}`

const typesText = (writer: LineWriter, { types, contentReference }: ElementNode): string =>
  contentReference ? `#${contentReference}` : types.map((type) => typeText(writer, type)).join(',')

const typeText = ({ targets }: LineWriter, type: TypeUse): string => {
  const anything = type.targets.length === 0 || type.targets.includes('Resource')
  return anything ? type.code : `${type.code}(${targets.indexOf([...type.targets].sort().join(' '))})`
}
