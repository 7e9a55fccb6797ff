/** The checks of each member of an object, prepared once per type. */

import { type ElementRule, type MemberRule, type Structure, structureOf } from '../fhir/structure.ts'
import { codeCheck, codedCheck } from './codes.ts'
import { type Invariant, invariantsOf } from './invariants.ts'
import { type PrimitiveCheck, primitiveChecks } from './primitives.ts'
import { referenceCheck } from './references.ts'
import type { ObjectCheck } from './run.ts'

export interface Slot {
  /** `value`: the name in FHIRPath, where a choice has no type in its name. */
  name: string
  element: ElementRule
  repeats: boolean
  /** Present for primitive types. */
  primitive?: PrimitiveCheck
  /** Whether numbers here are written in digits alone. */
  integer: boolean
  /** Present for codes under a required binding. */
  code?: PrimitiveCheck
  /** Whether a whole resource stands here. */
  resource: boolean
  /** The type or inline element that describes an object here. */
  content: string
  object?: ObjectCheck
  /** The element's own invariants, in addition to its content's. */
  invariants: readonly Invariant[]
}

export interface ObjectPlan {
  structure: Structure
  invariants: readonly Invariant[]
  slots: ReadonlyMap<string, Slot>
  /** The required elements, each with its possible JSON names. */
  required: readonly { element: ElementRule; names: readonly string[] }[]
}

const plans = new Map<string, ObjectPlan>()

/** Returns the plan for a type or inline element; undefined if R4 has no type of that name. */
export const objectPlanOf = (name: string): ObjectPlan | undefined => {
  const known = plans.get(name)
  if (known) return known
  const structure = structureOf(name)
  if (!structure) return undefined
  const plan = planFor(structure)
  plans.set(name, plan)
  return plan
}

const planFor = (structure: Structure): ObjectPlan => ({
  structure,
  invariants: invariantsOf(structure.name),
  slots: new Map([...structure.members].map(([name, member]) => [name, slotOf(structure, member)])),
  required: structure.elements
    .filter(({ min }) => min > 0)
    .map((element) => ({ element, names: jsonNamesOf(structure, element) })),
})

const integers: ReadonlySet<string> = new Set(['integer', 'positiveInt', 'unsignedInt'])

const slotOf = (structure: Structure, { element, type }: MemberRule): Slot => {
  const primitive = primitiveOf(structure, element, type.code)
  const code = type.code === 'code' && element.required ? codeCheck(element.required) : undefined
  const object = type.code === 'Reference' ? referenceCheck(type.targets) : codedCheck(element, type.code)
  return {
    name: element.name,
    element,
    repeats: element.max > 1,
    ...(primitive && { primitive }),
    ...(code && { code }),
    integer: integers.has(type.code),
    resource: type.code === 'Resource',
    content: type.content,
    ...(object && { object }),
    invariants: type.content === element.path ? [] : invariantsOf(element.path),
  }
}

/** The `id` of an element is any string, that of a resource has a format. */
const primitiveOf = (structure: Structure, element: ElementRule, code: string): PrimitiveCheck | undefined =>
  primitiveChecks[structure.kind !== 'resource' && element.name === 'id' ? 'string' : code]

const jsonNamesOf = (structure: Structure, element: ElementRule): readonly string[] =>
  [...structure.members].filter(([, member]) => member.element === element).map(([name]) => name)
