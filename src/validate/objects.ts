/** The rules of JSON that hold at every object, https://hl7.org/fhir/R4/json.html */

import { isObject, type Json } from '../fhir/json/object.ts'
import { isResourceType } from '../fhir/types.ts'
import { checkContained } from './contained.ts'
import { checkDigits } from './digits.ts'
import { checkInvariants } from './invariants.ts'
import { narrativeLinks } from './narrative.ts'
import { type Plan, planOf, type Slot } from './plan.ts'
import { noteLocal } from './references.ts'
import { depthLimit, isFull, jsonKind, localAt, type Run, report, shown } from './run.ts'
import { nearest } from './suggest.ts'

/** Checks a resource that stands alone: at the top, or in a Bundle or Parameters. */
export const checkResource = (run: Run, resource: Json, plan: Plan): void => {
  const { root, local, resource: outer, faults } = run
  run.root = resource as Run['root']
  run.resource = resource
  run.local = localAt(run.path.length)
  checkObject(run, resource, plan)
  if (resource.contained !== undefined) checkContained(run, resource)
  run.root = root
  run.resource = outer
  run.local = local
  run.faults = faults
}

/** Checks an object against its type. */
export const checkObject = (run: Run, object: Json, plan: Plan): void => {
  if (run.path.length > depthLimit) {
    report(run, 'invalid', `nested more than ${depthLimit} levels deep`)
    return
  }
  const { faults } = run
  let count = 0
  const chosen: Slot[] = []
  for (const name in object) {
    count++
    const slot = plan.slots.get(name)
    const beside = slot ? undefined : besideIn(plan, name)
    const { element } = slot ?? beside ?? {}
    if (element?.choice) checkChoice(run, chosen, (slot ?? beside) as Slot)
    if (slot) checkMember(run, object, slot, name)
    else if (beside) checkCompanion(run, beside, object[name], object[name.slice(1)])
    else if (name !== 'resourceType' || plan.structure.kind !== 'resource')
      report(run, 'unknown-element', unknownMessage(plan, name), name)
    if (isFull(run)) return
  }
  if (count === 0 || (count === 1 && plan.structure.kind !== 'resource' && object.id !== undefined)) {
    report(
      run,
      'invalid',
      'an element must have a value, other elements or an extension; leave out an empty one',
    )
  } else if (plan.required.length > 0) checkRequired(run, object, plan)
  if (plan.invariants.length > 0 && run.faults === faults) checkInvariants(run, object, plan.invariants)
}

/** A value and what stands beside it are of one type. */
const checkChoice = (run: Run, chosen: Slot[], slot: Slot): void => {
  const first = chosen.find(({ element }) => element === slot.element)
  if (!first) chosen.push(slot)
  else if (first !== slot)
    report(run, 'invalid', `\`${slot.name}[x]\` takes one value; give only one of its types`, slot.name)
}

const checkRequired = (run: Run, object: Json, plan: Plan): void => {
  for (const { element, names } of plan.required) {
    if (names.some((name) => object[name] !== undefined || object[`_${name}`] !== undefined)) continue
    const shownName = element.choice ? `${element.name}[x]` : element.name
    report(run, 'required', `\`${shownName}\` is required in \`${plan.structure.name}\``, element.name)
  }
}

const checkMember = (run: Run, parent: Json, slot: Slot, name: string): void => {
  const value = parent[name]
  run.path.push(slot.name)
  if (slot.repeats) checkList(run, parent, slot, name, value)
  else if (Array.isArray(value)) report(run, 'malformed', `\`${name}\` takes one value, not a list`)
  else checkValue(run, slot, value, parent[`_${name}`])
  if (slot.integer) checkDigits(run, parent, name)
  run.path.pop()
}

const checkList = (run: Run, parent: Json, slot: Slot, name: string, value: unknown): void => {
  if (!Array.isArray(value)) {
    report(run, 'malformed', `\`${name}\` is a list; put its value in brackets`)
    return
  }
  if (value.length === 0) report(run, 'invalid', `an empty list is no value; leave \`${name}\` out`)
  const companions = slot.primitive ? parent[`_${name}`] : undefined
  for (let i = 0; i < value.length && !isFull(run); i++) {
    run.path.push(i)
    checkValue(run, slot, value[i], Array.isArray(companions) ? companions[i] : undefined)
    run.path.pop()
  }
}

/** `companion` is what stands under the same name with an underscore before it. */
const checkValue = (run: Run, slot: Slot, value: unknown, companion: unknown): void => {
  if (slot.primitive) checkPrimitive(run, slot, value, companion)
  else if (!isObject(value)) report(run, 'malformed', `expected an object, found ${jsonKind(value)}`)
  else if (slot.resource) checkInner(run, slot, value)
  else {
    const plan = planOf(slot.content)
    if (plan) checkObject(run, value, plan)
    slot.object?.(run, value)
    if (slot.invariants.length > 0) checkInvariants(run, value, slot.invariants)
  }
}

const checkPrimitive = (run: Run, slot: Slot, value: unknown, companion: unknown): void => {
  if (value === null && isObject(companion)) return
  const problem = slot.primitive?.(value) ?? slot.code?.(value)
  if (problem) report(run, typeof value === 'string' ? 'invalid' : 'malformed', problem)
  else {
    if (slot.invariants.length > 0) checkInvariants(run, value, slot.invariants)
    localLinks[slot.content]?.(String(value), run)
  }
}

/** A canonical, uri or url may name a contained resource, or the one that contains it, as a Reference does. */
const noteAddress = (value: string, run: Run): void => {
  if (value.startsWith('#')) noteLocal(run, value.slice(1))
}

/** https://hl7.org/fhir/R4/narrative.html#id: a narrative's images and links may be contained resources. */
const noteNarrative = (div: string, run: Run): void => {
  if (run.root.contained === undefined) return
  for (const id of narrativeLinks(div)) run.local.names.add(id)
}

const localLinks: Readonly<Record<string, (value: string, run: Run) => void>> = {
  canonical: noteAddress,
  uri: noteAddress,
  url: noteAddress,
  xhtml: noteNarrative,
}

const checkInner = (run: Run, slot: Slot, resource: Json): void => {
  const type = resource.resourceType
  const plan = typeof type === 'string' && isResourceType(type) ? planOf(type) : undefined
  if (!plan) {
    const found = type === undefined ? 'it has none' : `found ${shown(type)}`
    report(
      run,
      type === undefined ? 'required' : 'invalid',
      `a resource names its type in \`resourceType\`; ${found}`,
    )
  } else if (slot.name === 'contained') checkWithin(run, resource, plan)
  else checkResource(run, resource, plan)
}

/** A contained resource shares the links of the one that contains it, but is a resource of its own. */
const checkWithin = (run: Run, resource: Json, plan: Plan): void => {
  const { resource: outer, faults } = run
  run.resource = resource
  checkObject(run, resource, plan)
  run.resource = outer
  run.faults = faults
}

/** What is an attribute in XML, or XHTML, has neither id nor extensions. */
const isBare = ({ structure }: Plan, { name, content }: Slot): boolean =>
  content === 'xhtml' ||
  (name === 'url' && structure.name === 'Extension') ||
  (name === 'id' && structure.kind !== 'resource')

/** Returns the primitive that a member with an underscore stands beside. */
const besideIn = (plan: Plan, name: string): Slot | undefined => {
  const slot = name.startsWith('_') ? plan.slots.get(name.slice(1)) : undefined
  return slot?.primitive && !isBare(plan, slot) ? slot : undefined
}

const unknownMessage = (plan: Plan, name: string): string => {
  const choices = [...plan.slots].filter(([, slot]) => slot.element.choice && slot.name === name)
  const meant =
    choices.length > 0 ? choices.slice(0, 5).map(([key]) => key) : [nearest(name, plan.slots.keys())]
  const names = meant.filter((key) => key !== undefined).map((key) => `\`${key}\``)
  const wayOut = names.length > 0 ? `did you mean ${names.join(', ')}?` : 'leave it out, or use an extension'
  return `\`${name}\` is no element of \`${plan.structure.name}\`; ${wayOut}`
}

/** Checks the `id` and `extension` of a primitive, or of each item of a list of primitives. */
const checkCompanion = (run: Run, slot: Slot, companion: unknown, value: unknown): void => {
  run.path.push(slot.name)
  if (!slot.repeats) checkElement(run, companion, value)
  else if (Array.isArray(companion)) checkCompanions(run, companion, Array.isArray(value) ? value : [])
  else report(run, 'malformed', `\`_${slot.name}\` is a list, as \`${slot.name}\` is`)
  run.path.pop()
}

const checkCompanions = (run: Run, companions: readonly unknown[], values: readonly unknown[]): void => {
  for (let i = 0; i < companions.length && !isFull(run); i++) {
    run.path.push(i)
    if (companions[i] !== null) checkElement(run, companions[i], values[i])
    else if (values[i] === undefined) report(run, 'invalid', 'this item has neither value nor extension')
    run.path.pop()
  }
}

const checkElement = (run: Run, companion: unknown, value: unknown): void => {
  const plan = planOf('Element')
  if (!isObject(companion)) report(run, 'malformed', `expected an object, found ${jsonKind(companion)}`)
  else if (plan && !(isValue(value) && isOnlyId(companion))) checkObject(run, companion, plan)
}

const isValue = (value: unknown): boolean => value !== undefined && value !== null

const isOnlyId = (object: Json): boolean =>
  typeof object.id === 'string' && object.id !== '' && Object.keys(object).length === 1
