/** https://hl7.org/fhirpath/N1 — the one place that loads the FHIRPath engine, which is large: import it only when needed. */

import fhirpath from 'fhirpath'
import r4 from 'fhirpath/fhir-context/r4'

/** A node as the engine keeps it: where it stands, beside what it is. */
interface Node {
  data: unknown
  propName: string | null
  index: number | null
  parentResNode: Node | null
}

/** The way from a resource to something in it: member names and positions. */
export type Way = readonly (string | number)[]

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'parentResNode' in value && 'propName' in value

/** The engine calls a choice by its name alone: `deceased` of `deceasedBoolean`. */
const jsonName = (parent: unknown, name: string): string => {
  if (typeof parent !== 'object' || parent === null || name in parent) return name
  const isChoice = (key: string): boolean => key.startsWith(name) && /[A-Z]/.test(key.charAt(name.length))
  return Object.keys(parent).find(isChoice) ?? name
}

const wayOf = ({ parentResNode, propName, index }: Node): Way => {
  if (!parentResNode) return []
  const step = propName === null ? [] : [jsonName(parentResNode.data, propName)]
  return [...wayOf(parentResNode), ...step, ...(index === null || index === undefined ? [] : [index])]
}

/** Returns where everything stands that an expression leads to; undefined for what is computed. Throws where it is no FHIRPath. */
export const waysTo = (resource: object, expression: string): (Way | undefined)[] => {
  const found = fhirpath.evaluate(resource, expression, undefined, r4, {
    resolveInternalTypes: false,
  } as object) as unknown as unknown[]
  return found.map((value) => (isNode(value) ? wayOf(value) : undefined))
}
