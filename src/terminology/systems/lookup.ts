/** https://hl7.org/fhir/R4/codesystem-operation-lookup.html and https://hl7.org/fhir/R4/codesystem-operation-subsumes.html */

import type { Property } from '../resources.ts'
import { displayIn } from '../value-sets/expansion.ts'
import { type CodeNode, type CodeSystemGraph, isInactive, isRooted, isSameOrBelow } from './graph.ts'

/** A part of a Parameters resource. */
export type LookupPart = { name: string; part?: readonly LookupPart[] } & Record<`value${string}`, unknown>

/** Returns the entry of a code as Parameters; with named properties, only these. */
export const lookedUp = (
  system: CodeSystemGraph,
  node: CodeNode,
  wanted: readonly string[],
  displayLanguage: string | undefined,
): readonly LookupPart[] => {
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
      .map(propertyPart),
  ]
}

/** `lang.de` asks for the names in German. */
const inOneOf =
  (wanted: readonly string[]) =>
  ({ language }: { language?: string }): boolean =>
    language !== undefined && wanted.includes(`lang.${language}`)

interface LookupProperty extends Property {
  description?: string
}

/** Returns the properties of a code, with its place in the hierarchy as worked out from all pieces. */
const propertiesOf = (system: CodeSystemGraph, node: CodeNode): readonly LookupProperty[] => {
  const own = node.properties.filter(({ code }) => !derivedProperties.has(code))
  const link = (code: string, other: string): LookupProperty => {
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

const derivedProperties = new Set(['parent', 'child', 'subsumedBy', 'inactive'])

const propertyPart = ({ code, description, ...value }: LookupProperty): LookupPart => ({
  name: 'property',
  part: [
    { name: 'code', valueCode: code },
    ...Object.entries(value).map(([name, each]) => ({ name: 'value', [name]: each })),
    ...(description === undefined ? [] : [{ name: 'description', valueString: description }]),
  ],
})

export type SubsumptionOutcome = 'equivalent' | 'subsumes' | 'subsumed-by' | 'not-subsumed'

/** Returns the relation of the first code to the second; undefined where loaded pieces cannot decide. */
export const subsumption = (
  system: CodeSystemGraph,
  a: CodeNode,
  b: CodeNode,
): SubsumptionOutcome | undefined => {
  if (a.code === b.code) return 'equivalent'
  if (!system.isA) return undefined
  if (isSameOrBelow(system, b.code, a.code)) return 'subsumes'
  if (isSameOrBelow(system, a.code, b.code)) return 'subsumed-by'
  return system.complete || (isRooted(system, a) && isRooted(system, b)) ? 'not-subsumed' : undefined
}
