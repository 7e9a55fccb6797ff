/** The rules of JSON that hold at every object, https://hl7.org/fhir/R4/json.html */

import { isObject, type Json } from '../fhir/json/object.ts'
import { isResourceType } from '../fhir/types.ts'
import { checkContained } from './contained.ts'
import { checkDigits } from './digits.ts'
import { checkInvariants } from './invariants.ts'
import { narrativeLinks } from './narrative.ts'
import { type ObjectPlan, objectPlanOf, type Slot } from './plan.ts'
import { noteLocal } from './references.ts'
import {
  depthLimit,
  hasEnoughErrors,
  jsonKind,
  localAt,
  reportError,
  shownValue,
  type ValidationRun,
} from './run.ts'
import { nearest } from './suggest.ts'

/** Checks a resource that stands alone: at the top, or in a Bundle or Parameters. */
export const checkResource = (run: ValidationRun, resource: Json, plan: ObjectPlan): void => {
  const { root, local, resource: outer, faults } = run
  run.root = resource as ValidationRun['root']
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
export const checkObject = (run: ValidationRun, object: Json, plan: ObjectPlan): void => {
  if (run.path.length > depthLimit) {
    reportError(run, 'invalid', `nested more than ${depthLimit} levels deep`)
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
    if (slot) checkObjectMember(run, object, slot, name)
    else if (beside) checkCompanion(run, beside, object[name], object[name.slice(1)])
    else if (name !== 'resourceType' || plan.structure.kind !== 'resource')
      reportError(run, 'unknown-element', unknownMessage(plan, name), name)
    if (hasEnoughErrors(run)) return
  }
  if (count === 0 || (count === 1 && plan.structure.kind !== 'resource' && object.id !== undefined)) {
    reportError(
      run,
      'invalid',
      'an element must have a value, other elements or an extension; leave out an empty one',
    )
  } else if (plan.required.length > 0) checkRequired(run, object, plan)
  if (plan.invariants.length > 0 && run.faults === faults) checkInvariants(run, object, plan.invariants)
}

/** Reports a second type of a choice, in its value or in its companion. */
const checkChoice = (run: ValidationRun, chosen: Slot[], slot: Slot): void => {
  const first = chosen.find(({ element }) => element === slot.element)
  if (!first) chosen.push(slot)
  else if (first !== slot)
    reportError(run, 'invalid', `\`${slot.name}[x]\` takes one value; give only one of its types`, slot.name)
}

const checkRequired = (run: ValidationRun, object: Json, plan: ObjectPlan): void => {
  for (const { element, names } of plan.required) {
    if (names.some((name) => object[name] !== undefined || object[`_${name}`] !== undefined)) continue
    const shownName = element.choice ? `${element.name}[x]` : element.name
    reportError(run, 'required', `\`${shownName}\` is required in \`${plan.structure.name}\``, element.name)
  }
}

const checkObjectMember = (run: ValidationRun, parent: Json, slot: Slot, name: string): void => {
  const value = parent[name]
  run.path.push(slot.name)
  if (slot.repeats) checkList(run, parent, slot, name, value)
  else if (Array.isArray(value)) reportError(run, 'malformed', `\`${name}\` takes one value, not a list`)
  else checkValue(run, slot, value, parent[`_${name}`])
  if (slot.integer) checkDigits(run, parent, name)
  run.path.pop()
}

const checkList = (run: ValidationRun, parent: Json, slot: Slot, name: string, value: unknown): void => {
  if (!Array.isArray(value)) {
    reportError(run, 'malformed', `\`${name}\` is a list; put its value in brackets`)
    return
  }
  if (value.length === 0) reportError(run, 'invalid', `an empty list is no value; leave \`${name}\` out`)
  const companionItems = slot.primitive ? parent[`_${name}`] : undefined
  for (let i = 0; i < value.length && !hasEnoughErrors(run); i++) {
    run.path.push(i)
    checkValue(run, slot, value[i], Array.isArray(companionItems) ? companionItems[i] : undefined)
    run.path.pop()
  }
}

/** `companion` is the member of the same name with an underscore before it. */
const checkValue = (run: ValidationRun, slot: Slot, value: unknown, companion: unknown): void => {
  if (slot.primitive) checkPrimitive(run, slot, value, companion)
  else if (!isObject(value)) reportError(run, 'malformed', `expected an object, found ${jsonKind(value)}`)
  else if (slot.resource) checkInner(run, slot, value)
  else {
    const plan = objectPlanOf(slot.content)
    if (plan) checkObject(run, value, plan)
    slot.object?.(run, value)
    if (slot.invariants.length > 0) checkInvariants(run, value, slot.invariants)
  }
}

const checkPrimitive = (run: ValidationRun, slot: Slot, value: unknown, companion: unknown): void => {
  if (value === null && isObject(companion)) return
  const problem = slot.primitive?.(value) ?? slot.code?.(value)
  if (problem) reportError(run, typeof value === 'string' ? 'invalid' : 'malformed', problem)
  else {
    if (slot.invariants.length > 0) checkInvariants(run, value, slot.invariants)
    localLinks[slot.content]?.(String(value), run)
  }
}

/** A canonical, uri or url may name a contained resource or its container, as a Reference does. */
const noteAddress = (value: string, run: ValidationRun): void => {
  if (value.startsWith('#')) noteLocal(run, value.slice(1))
}

/** https://hl7.org/fhir/R4/narrative.html#id: a narrative's images and links may be contained resources. */
const noteNarrative = (div: string, run: ValidationRun): void => {
  if (run.root.contained === undefined) return
  for (const id of narrativeLinks(div)) run.local.names.add(id)
}

const localLinks: Readonly<Record<string, (value: string, run: ValidationRun) => void>> = {
  canonical: noteAddress,
  uri: noteAddress,
  url: noteAddress,
  xhtml: noteNarrative,
}

const checkInner = (run: ValidationRun, slot: Slot, resource: Json): void => {
  const type = resource.resourceType
  const plan = typeof type === 'string' && isResourceType(type) ? objectPlanOf(type) : undefined
  if (!plan) {
    const found = type === undefined ? 'it has none' : `found ${shownValue(type)}`
    reportError(
      run,
      type === undefined ? 'required' : 'invalid',
      `a resource names its type in \`resourceType\`; ${found}`,
    )
  } else if (slot.name === 'contained') checkWithin(run, resource, plan)
  else checkResource(run, resource, plan)
}

/** A contained resource shares the links of its container, but is a resource of its own. */
const checkWithin = (run: ValidationRun, resource: Json, plan: ObjectPlan): void => {
  const { resource: outer, faults } = run
  run.resource = resource
  checkObject(run, resource, plan)
  run.resource = outer
  run.faults = faults
}

/** An attribute in XML, and XHTML, has neither id nor extensions. */
const isBare = ({ structure }: ObjectPlan, { name, content }: Slot): boolean =>
  content === 'xhtml' ||
  (name === 'url' && structure.name === 'Extension') ||
  (name === 'id' && structure.kind !== 'resource')

/** Returns the primitive that a member with an underscore stands beside. */
const besideIn = (plan: ObjectPlan, name: string): Slot | undefined => {
  const slot = name.startsWith('_') ? plan.slots.get(name.slice(1)) : undefined
  return slot?.primitive && !isBare(plan, slot) ? slot : undefined
}

const unknownMessage = (plan: ObjectPlan, name: string): string => {
  const choices = [...plan.slots].filter(([, slot]) => slot.element.choice && slot.name === name)
  const meant =
    choices.length > 0 ? choices.slice(0, 5).map(([key]) => key) : [nearest(name, plan.slots.keys())]
  const names = meant.filter((key) => key !== undefined).map((key) => `\`${key}\``)
  const wayOut = names.length > 0 ? `did you mean ${names.join(', ')}?` : 'leave it out, or use an extension'
  return `\`${name}\` is no element of \`${plan.structure.name}\`; ${wayOut}`
}

/** Checks the `id` and `extension` of a primitive, or of each item of a list of primitives. */
const checkCompanion = (run: ValidationRun, slot: Slot, companion: unknown, value: unknown): void => {
  run.path.push(slot.name)
  if (!slot.repeats) checkExtensionsOf(run, companion, value)
  else if (Array.isArray(companion)) checkCompanions(run, companion, Array.isArray(value) ? value : [])
  else reportError(run, 'malformed', `\`_${slot.name}\` is a list, as \`${slot.name}\` is`)
  run.path.pop()
}

const checkCompanions = (
  run: ValidationRun,
  companionItems: readonly unknown[],
  values: readonly unknown[],
): void => {
  for (let i = 0; i < companionItems.length && !hasEnoughErrors(run); i++) {
    run.path.push(i)
    if (companionItems[i] !== null) checkExtensionsOf(run, companionItems[i], values[i])
    else if (values[i] === undefined) reportError(run, 'invalid', 'this item has neither value nor extension')
    run.path.pop()
  }
}

const checkExtensionsOf = (run: ValidationRun, companion: unknown, value: unknown): void => {
  const plan = objectPlanOf('Element')
  if (!isObject(companion)) reportError(run, 'malformed', `expected an object, found ${jsonKind(companion)}`)
  else if (plan && !(isValue(value) && isOnlyId(companion))) checkObject(run, companion, plan)
}

const isValue = (value: unknown): boolean => value !== undefined && value !== null

const isOnlyId = (object: Json): boolean =>
  typeof object.id === 'string' && object.id !== '' && Object.keys(object).length === 1
