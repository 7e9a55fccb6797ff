/** https://hl7.org/fhir/R4/codesystem-operation-lookup.html and https://hl7.org/fhir/R4/codesystem-operation-subsumes.html */

import { displayIn } from './answer.ts'
import type { Property } from './resources.ts'
import { isA, isInactive, isRooted, type Node, type System } from './system.ts'

/** A part of a Parameters resource. */
export type Part = { name: string; part?: readonly Part[] } & Record<`value${string}`, unknown>

/** Returns what is known of a code, as Parameters; only these properties where any are named. */
export const lookedUp = (
  system: System,
  node: Node,
  wanted: readonly string[],
  displayLanguage: string | undefined,
): readonly Part[] => {
  const is = (name: string): boolean => wanted.length === 0 || wanted.includes(name)
  const code = { system: system.url, code: node.code, node, ...(node.display && { display: node.display }) }
  const designations = is('designation') ? node.designations : node.designations.filter(inOneOf(wanted))
  return [
    { name: 'name', valueString: system.name },
    ...(system.version === undefined ? [] : [{ name: 'version', valueString: system.version }]),
    { name: 'display', valueString: displayIn(code, displayLanguage) ?? node.code },
    ...designations.map(({ language, use, value }) => ({
      name: 'designation',
      part: [
        ...(language === undefined ? [] : [{ name: 'language', valueCode: language }]),
        ...(use === undefined ? [] : [{ name: 'use', valueCoding: use }]),
        { name: 'value', valueString: value },
      ],
    })),
    ...propertiesOf(system, node)
      .filter(({ code: name }) => is(name))
      .map(told),
  ]
}

/** `lang.de` asks for the names in German. */
const inOneOf =
  (wanted: readonly string[]) =>
  ({ language }: { language?: string }): boolean =>
    language !== undefined && wanted.includes(`lang.${language}`)

interface Told extends Property {
  description?: string
}

/** The place in the hierarchy is told as it is, however it was written. */
const propertiesOf = (system: System, node: Node): readonly Told[] => {
  const own = node.properties.filter(({ code }) => !derived.has(code))
  const link = (code: string, other: string): Told => {
    const description = system.nodes.get(other)?.display
    return { code, valueCode: other, ...(description !== undefined && { description }) }
  }
  return [
    ...(node.definition === undefined ? [] : [{ code: 'definition', valueString: node.definition }]),
    { code: 'inactive', valueBoolean: isInactive(node) },
    ...own,
    ...[...node.parents].map((parent) => link('parent', parent)),
    ...[...node.children].map((child) => link('child', child)),
  ]
}

const derived = new Set(['parent', 'child', 'subsumedBy', 'inactive'])

const told = ({ code, description, ...value }: Told): Part => ({
  name: 'property',
  part: [
    { name: 'code', valueCode: code },
    ...Object.entries(value).map(([name, each]) => ({ name: 'value', [name]: each })),
    ...(description === undefined ? [] : [{ name: 'description', valueString: description }]),
  ],
})

export type Outcome = 'equivalent' | 'subsumes' | 'subsumed-by' | 'not-subsumed'

/** Returns how the first code stands to the second; undefined where that cannot be told from what is held. */
export const subsumption = (system: System, a: Node, b: Node): Outcome | undefined => {
  if (a.code === b.code) return 'equivalent'
  if (!system.isA) return undefined
  if (isA(system, b.code, a.code)) return 'subsumes'
  if (isA(system, a.code, b.code)) return 'subsumed-by'
  return system.complete || (isRooted(system, a) && isRooted(system, b)) ? 'not-subsumed' : undefined
}
