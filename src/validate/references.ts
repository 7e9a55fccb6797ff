/** The form and the target types of references, https://hl7.org/fhir/R4/references.html */

import { isObject } from '../fhir/json/object.ts'
import { type Link, parseLink } from '../fhir/references.ts'
import { isResourceType } from '../fhir/types.ts'
import { each } from '../fhir/values.ts'
import { type ObjectCheck, reportError, shownValue, type ValidationRun } from './run.ts'

/** Returns the check of a Reference that may point to the targets; to any type without targets. */
export const referenceCheck =
  (targets: readonly string[] | undefined): ObjectCheck =>
  (run, { reference, type }) => {
    const allowed = run.options.anyTarget ? undefined : targets
    if (typeof reference !== 'string' || reference === '') return
    const link = parseLink(reference)
    const problem = link ? problemOf(run, link, reference, allowed) : formProblem(reference)
    if (problem) reportError(run, 'invalid', problem, 'reference')
    else if (link) checkReferenceType(run, link, type)
  }

/** https://hl7.org/fhir/R4/references-definitions.html#Reference.type: a resource type, or its address. */
const checkReferenceType = (run: ValidationRun, link: Link, type: unknown): void => {
  const stated = String(type ?? '').replace('http://hl7.org/fhir/StructureDefinition/', '')
  const actual = 'type' in link ? link.type : undefined
  if (!isResourceType(stated) || actual === undefined || !isResourceType(actual) || stated === actual) return
  reportError(run, 'invalid', `\`type\` is \`${stated}\`, but the reference is to a \`${actual}\``, 'type')
}

const formProblem = (reference: string): string =>
  `${shownValue(reference)} is no reference; expected \`Type/id\`, an absolute address, \`urn:uuid:…\` or \`#id\``

const problemOf = (
  run: ValidationRun,
  link: Link,
  reference: string,
  targets: readonly string[] | undefined,
): string | undefined => {
  if (link.kind === 'contained') return containedProblem(run, link.id, targets)
  if (link.kind === 'conditional' && !run.options.conditionalReferences) {
    return `${shownValue(reference)} is a search; only a transaction may refer to a resource by a search`
  }
  if (link.kind !== 'local' && link.kind !== 'conditional') {
    const type = run.options.typeAt?.(reference)
    return type === undefined ? undefined : targetProblem(type, targets)
  }
  if (!isResourceType(link.type)) return `${shownValue(link.type)} is no resource type of R4`
  return targetProblem(link.type, targets)
}

type ContainedObject = Readonly<Record<string, unknown>>

const containedById = new WeakMap<object, ReadonlyMap<string, ContainedObject>>()

/**
 * The contained resources by id, the first of an id. Gathered once, so that a resource with many links does not search
 * all for each.
 */
const containedIn = ({ root }: ValidationRun): ReadonlyMap<string, ContainedObject> => {
  const known = containedById.get(root)
  if (known) return known
  const found = new Map<string, ContainedObject>()
  for (const resource of each(root.contained as unknown))
    if (isObject(resource) && typeof resource.id === 'string' && !found.has(resource.id))
      found.set(resource.id, resource)
  containedById.set(root, found)
  return found
}

const containedProblem = (
  run: ValidationRun,
  id: string,
  targets: readonly string[] | undefined,
): string | undefined => {
  noteLocal(run, id)
  if (id === '') return undefined
  const found = containedIn(run).get(id)
  if (!found) {
    return `no contained resource has the id \`${id}\`; contain it, or refer to it by \`Type/id\``
  }
  return typeof found.resourceType === 'string' ? targetProblem(found.resourceType, targets) : undefined
}

/** Adds the link, for the rule that a contained resource must be referred to, or refer to its container. */
export const noteLocal = (run: ValidationRun, id: string): void => {
  const { depth, names, pointingBack } = run.local
  const [member, position] = run.path.slice(depth)
  if (id !== '') names.add(id)
  else if (member === 'contained' && typeof position === 'number') pointingBack.add(position)
}

const targetProblem = (type: string, targets: readonly string[] | undefined): string | undefined => {
  if (!targets || targets.includes(type)) return undefined
  return `expected a reference to ${targets.map((name) => `\`${name}\``).join(', ')}; found one to \`${type}\``
}
