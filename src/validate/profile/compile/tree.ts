/** A profile's elements as a tree, and how a differential changes that of its base: https://hl7.org/fhir/R4/profiling.html#snapshot */

import { type Structure, structureOf } from '../../../fhir/structure.ts'
import type { Constraint, ElementDefinition, SlicingDefinition, StructureDefinition } from './definition.ts'

export interface ProfileElement {
  /** `Observation.component:systolic.code` */
  id: string
  definition: ElementDefinition
  /** By the last part of their path: `value[x]`. */
  children: Map<string, ProfileElement>
  slices: Map<string, ProfileElement>
}

/** Returns the tree of a profile, given that of its base: from the snapshot, or else from the base and the differential. */
export const profileTreeOf = (
  profile: StructureDefinition,
  base: ProfileElement | undefined,
): ProfileElement => {
  const { snapshot, differential, type } = profile
  const root = snapshot || !base ? emptyRoot(type) : copyOf(base)
  for (const definition of snapshot?.element ?? differential?.element ?? []) {
    const [, ...steps] = (definition.id ?? definition.path).split('.').map(elementStepOf)
    if (steps.length === 0) root.definition = overlaid(root.definition, definition)
    else putElement(root, steps, definition)
  }
  return root
}

const emptyRoot = (type: string): ProfileElement => element(type, { path: type })

const element = (id: string, definition: ElementDefinition): ProfileElement => ({
  id,
  definition,
  children: new Map(),
  slices: new Map(),
})

const copyOf = ({ id, definition, children, slices }: ProfileElement): ProfileElement => ({
  id,
  definition,
  children: new Map([...children].map(([name, child]) => [name, copyOf(child)])),
  slices: new Map([...slices].map(([name, slice]) => [name, copyOf(slice)])),
})

const overlaid = (under: ElementDefinition, over: ElementDefinition): ElementDefinition => {
  const constraint = [...constraintsIn(under, over), ...(over.constraint ?? [])]
  return { ...under, ...over, ...(constraint.length > 0 && { constraint }) }
}

const constraintsIn = (under: ElementDefinition, over: ElementDefinition): Constraint[] => {
  const again = new Set((over.constraint ?? []).map(({ key }) => key))
  return (under.constraint ?? []).filter(({ key }) => !again.has(key))
}

/** A name and, for a slice, the slice's name. */
interface ElementStep {
  name: string
  slice?: string
}

const elementStepOf = (part: string): ElementStep => {
  const at = part.indexOf(':')
  return at === -1 ? { name: part } : { name: part.slice(0, at), slice: part.slice(at + 1) }
}

const putElement = (
  root: ProfileElement,
  steps: readonly ElementStep[],
  definition: ElementDefinition,
): void => {
  let at = root
  let content: Structure | undefined = structureOf(root.id)
  for (const step of steps) {
    const typed = typedStep(content, step)
    at = sliceAt(childAt(at, typed.name), typed.slice)
    content = treeContentOf(content, typed, at)
  }
  at.definition = overlaid(at.definition, definition)
}

const childAt = (parent: ProfileElement, name: string): ProfileElement => {
  const known = parent.children.get(name)
  if (known) return known
  const child = element(`${parent.id}.${name}`, { path: name })
  parent.children.set(name, child)
  return child
}

/** `valueQuantity` means the values of `value[x]` that are quantities. */
const typedStep = (content: Structure | undefined, step: ElementStep): ElementStep => {
  const member = content?.members.get(step.name)
  if (!member?.element.choice) return step
  return { name: `${member.element.name}[x]`, slice: step.slice ?? step.name }
}

/** A slice `a/b` is a slice of the slice `a`. */
const sliceAt = (parent: ProfileElement, name: string | undefined): ProfileElement => {
  if (name === undefined) return parent
  const parts = name.split('/')
  let at = parent
  for (let i = 1; i <= parts.length; i++) at = oneSlice(at, parent, parts.slice(0, i).join('/'))
  return at
}

const oneSlice = (of: ProfileElement, whole: ProfileElement, name: string): ProfileElement => {
  of.definition = { slicing: implied(whole), ...of.definition }
  const known = of.slices.get(name)
  if (known) return known
  const type = typeNamed(whole, name)
  const slice = element(`${whole.id}:${name}`, {
    path: whole.definition.path,
    ...(type && { type: [{ code: type }] }),
  })
  of.slices.set(name, slice)
  return slice
}

/** The slice `valueQuantity` of `value[x]` is for quantities. */
const typeNamed = ({ id }: ProfileElement, slice: string): string | undefined => {
  const name = id.slice(id.lastIndexOf('.') + 1)
  if (!name.endsWith('[x]') || !slice.startsWith(name.slice(0, -3))) return undefined
  const type = slice.slice(name.length - 3)
  const small = type.charAt(0).toLowerCase() + type.slice(1)
  return structureOf(small)?.kind === 'primitive-type' ? small : structureOf(type)?.name
}

/** Extensions differ by their addresses, choices by their types, also in a profile that does not say so. */
const implied = ({ id }: ProfileElement): SlicingDefinition => {
  if (/\.(?:modifierE|e)xtension$/.test(id))
    return { discriminator: [{ type: 'value', path: 'url' }], rules: 'open' }
  if (id.endsWith('[x]')) return { discriminator: [{ type: 'type', path: '$this' }], rules: 'open' }
  return { rules: 'open' }
}

const treeContentOf = (
  parent: Structure | undefined,
  { name, slice }: ElementStep,
  { definition }: ProfileElement,
): Structure | undefined => {
  const plain = name.replace('[x]', '')
  const rule = parent?.elements.find((each) => each.name === plain)
  const only = definition.type?.length === 1 ? definition.type[0]?.code : undefined
  const named = rule?.choice && slice !== undefined ? parent?.members.get(slice)?.type.content : undefined
  const own = rule?.types.length === 1 ? rule.types[0]?.content : undefined
  return structureOf(named ?? (own === undefined || own === 'Resource' ? only : own) ?? '')
}
