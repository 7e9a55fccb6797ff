/** https://hl7.org/fhir/R4/fhirpatch.html */

import { holdsMark, parseKeeping, printKeeping } from '../../fhir/json/digits.ts'
import { isObject, type Json } from '../../fhir/json/object.ts'
import { type ElementWay, waysTo } from '../../fhir/path/fhirpath.ts'
import { type MemberRule, type Structure, structureOf } from '../../fhir/structure.ts'
import { type Failure, failure } from '../../outcome/failure.ts'
import { parseJson } from '../../request/body.ts'
import { type Emptied, noteWay, withoutEmptied } from './emptied.ts'
import {
  append,
  dropIfEmpty,
  holderAt,
  inJson,
  itemCount,
  type Made,
  setMember,
  splice,
  valueAt,
} from './members.ts'
import type { Patcher } from './patcher.ts'

/** An operation: its parts by name, with values as `parseKeeping` reads them. */
interface FhirPathOperation {
  position: number
  type: string
  path: string
  name: string | undefined
  value: PatchPart | undefined
  index: number | undefined
  source: number | undefined
  destination: number | undefined
}

type PatchPart = Json

const fhirPathKinds = new Set(['add', 'insert', 'delete', 'replace', 'move'])

const patchParts = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : [])

const malformedFhirPath = (position: number, why: string): Failure =>
  failure(
    'malformed',
    `Operation ${position} of the patch ${why} Nothing was changed.`,
    `Parameters.parameter[${position}]`,
  )

const refusedFhirPath = ({ position, type, path }: FhirPathOperation, why: string): Failure =>
  failure(
    'invariant',
    `Operation ${position} of the patch (\`${type}\` at \`${path}\`) does not apply: ${why} Nothing was changed.`,
    `Parameters.parameter[${position}]`,
  )

/** Returns the name of a part's value, such as `valueDate`, even if only its id and extensions are present. */
const valueName = (part: PatchPart): string | undefined =>
  Object.keys(part)
    .find((key) => /^_?value[A-Z]/.test(key))
    ?.replace('_', '')

const fhirPathOperation = (parameter: Json, position: number): FhirPathOperation => {
  const parts = new Map(patchParts(parameter.part).map((part) => [String(part.name), part]))
  const text = (name: string): string | undefined => {
    const part = parts.get(name)
    const key = part && valueName(part)
    return key === undefined ? undefined : String(part?.[key]).replace('\u0000', '')
  }
  const number = (name: string): number | undefined => {
    const written = text(name)
    if (written === undefined) return undefined
    if (!/^\d+$/.test(written)) throw malformedFhirPath(position, `has no whole number as \`${name}\`.`)
    return Number(written)
  }
  if (parameter.name !== 'operation') throw malformedFhirPath(position, 'is not named `operation`.')
  const [type = '', path] = [text('type'), text('path')]
  if (!fhirPathKinds.has(type))
    throw malformedFhirPath(position, `needs a \`type\`: ${[...fhirPathKinds].join(', ')}.`)
  if (path === undefined) throw malformedFhirPath(position, 'needs a `path`.')
  return {
    position,
    type,
    path,
    name: text('name'),
    value: parts.get('value'),
    index: number('index'),
    source: number('source'),
    destination: number('destination'),
  }
}

const fhirPathOperations = (patch: string): FhirPathOperation[] => {
  if (holdsMark(patch))
    throw failure('invalid', 'The patch holds the character U+0000, which FHIR does not allow.')
  parseJson(patch)
  const parameters = parseKeeping(patch)
  if (!isObject(parameters) || parameters.resourceType !== 'Parameters')
    throw failure('malformed', 'A FHIRPath Patch is a Parameters resource.')
  const operations = patchParts(parameters.parameter).map(fhirPathOperation)
  if (operations.length === 0)
    throw failure('required', 'The patch has no `operation`.', 'Parameters.parameter')
  return operations
}

const contentOf = (value: unknown, { type }: MemberRule): string =>
  type.code === 'Resource' && isObject(value) ? String(value.resourceType) : type.content

/** Returns the structure of the value at a way. */
const structureAt = (root: Json, way: ElementWay): Structure | undefined => {
  let structure = structureOf(String(root.resourceType))
  way.forEach((step, i) => {
    if (typeof step === 'number') return
    if (step.startsWith('_')) structure = structureOf('Element')
    if (step.startsWith('_')) return
    const rule = structure?.members.get(step)
    const value = valueAt(root, way.slice(0, typeof way[i + 1] === 'number' ? i + 2 : i + 1))
    structure = rule && structureOf(contentOf(value, rule))
  })
  return structure
}

/** Functions by which a path of a few characters could keep the server busy for hours. */
const costly = /\b(matches|matchesFull|replaceMatches|repeat|aggregate)\s*\(/

const findWays = (operation: FhirPathOperation, root: unknown): ElementWay[] => {
  const [, name] = costly.exec(operation.path) ?? []
  if (name !== undefined) throw refusedFhirPath(operation, `\`${name}()\` is not possible in its path.`)
  const plain = JSON.parse(printKeeping(root)) as object
  let ways: (ElementWay | undefined)[]
  try {
    ways = waysTo(plain, operation.path)
  } catch (thrown) {
    throw refusedFhirPath(operation, `its path cannot be read (${(thrown as Error).message.split('\n')[0]}).`)
  }
  if (ways.includes(undefined))
    throw refusedFhirPath(operation, 'its path leads to something computed, not to an element.')
  return (ways as ElementWay[]).map((way) => inJson(root, way))
}

const findOnlyWay = (operation: FhirPathOperation, root: unknown): ElementWay => {
  const [way, ...more] = findWays(operation, root)
  if (!way) throw refusedFhirPath(operation, 'there is nothing at its path.')
  if (more.length > 0)
    throw refusedFhirPath(operation, `its path leads to ${more.length + 1} elements; it must be one.`)
  return way
}

/** Returns the member for a name: its JSON name, which for a choice ends in the type of the value, and its rule. */
const memberFor = (
  operation: FhirPathOperation,
  structure: Structure | undefined,
  name: string,
  part: PatchPart,
) => {
  const own = valueName(part)
  const plain = name.replace(/\[x\]$/, '')
  const choice = structure?.elements.find((element) => element.name === plain)?.choice ?? false
  const json = choice && own !== undefined ? plain + own.slice('value'.length) : plain
  const rule = structure?.members.get(json)
  if (!structure || !rule)
    throw refusedFhirPath(operation, `\`${structure?.name ?? 'what is there'}\` has no element \`${json}\`.`)
  return { json, rule }
}

const isA = (type: string | undefined, wanted: string): boolean =>
  type !== undefined && (type === wanted || isA(structureOf(type)?.base, wanted))

/** Fails for a value of a wrong type, even in the same JSON form: https://hl7.org/fhir/R4/fhirpatch.html#concept */
const checkType = (operation: FhirPathOperation, own: string, { element, type }: MemberRule): void => {
  const written = own.slice('value'.length)
  const primitive = written.charAt(0).toLowerCase() + written.slice(1)
  const wanted = type.code === 'xhtml' ? 'string' : type.code
  if (!isA(structureOf(primitive) ? primitive : written, wanted))
    throw refusedFhirPath(operation, `\`${element.name}\` is of type \`${wanted}\`, not \`${own}\`.`)
}

/** Turns a part into the value of an element: of a data type, a resource, or an element composed of named parts. */
const valueFrom = (operation: FhirPathOperation, part: PatchPart, rule: MemberRule): Made => {
  const own = valueName(part)
  if (own !== undefined) {
    checkType(operation, own, rule)
    return { value: part[own], beside: part[`_${own}`] }
  }
  if (isObject(part.resource)) return { value: part.resource, beside: undefined }
  const structure = structureOf(rule.type.content)
  const value: Json = {}
  for (const inner of patchParts(part.part)) {
    const { json, rule: innerRule } = memberFor(operation, structure, String(inner.name), inner)
    const made = valueFrom(operation, inner, innerRule)
    if (innerRule.element.max > 1) append(value, json, made)
    else setMember(value, json, made)
  }
  if (Object.keys(value).length === 0) throw malformedFhirPath(operation.position, 'needs a `value`.')
  return { value, beside: undefined }
}

const valuePart = (operation: FhirPathOperation): PatchPart => {
  if (!operation.value) throw malformedFhirPath(operation.position, 'needs a `value`.')
  return operation.value
}

const addElement = (operation: FhirPathOperation, root: Json): void => {
  const way = findOnlyWay(operation, root)
  const { name } = operation
  if (name === undefined) throw malformedFhirPath(operation.position, 'needs a `name`.')
  const part = valuePart(operation)
  const structure = isObject(valueAt(root, way)) ? structureAt(root, way) : structureOf('Element')
  const { json, rule } = memberFor(operation, structure, name, part)
  const parent = holderAt(root, way)
  const made = valueFrom(operation, part, rule)
  if (rule.element.max > 1) append(parent, json, made)
  else if (parent[json] !== undefined)
    throw refusedFhirPath(operation, `\`${json}\` is there already; use \`replace\`.`)
  else setMember(parent, json, made)
}

/** Returns the list that a way leads into, as its parent and the member's name. */
const listAt = (
  operation: FhirPathOperation,
  root: Json,
): { parent: Json; name: string; way: ElementWay } => {
  const [way] = findWays(operation, root)
  const name = way?.at(-2)
  if (!way || typeof way.at(-1) !== 'number' || typeof name !== 'string')
    throw refusedFhirPath(operation, 'its path leads to no list.')
  return { parent: valueAt(root, way.slice(0, -2)) as Json, name, way: way.slice(0, -2) }
}

const insertElement = (operation: FhirPathOperation, root: Json): void => {
  const { parent, name, way } = listAt(operation, root)
  const { index } = operation
  const length = itemCount(parent, name)
  if (index === undefined) throw malformedFhirPath(operation.position, 'needs an `index`.')
  if (index > length) throw refusedFhirPath(operation, `the list has ${length} items.`)
  const part = valuePart(operation)
  const { rule } = memberFor(operation, structureAt(root, way), name, part)
  splice(parent, name, index, 0, valueFrom(operation, part, rule))
}

const deleteElement = (operation: FhirPathOperation, root: Json, emptied: Emptied): void => {
  const [way, ...more] = findWays(operation, root)
  if (!way) return
  if (more.length > 0)
    throw refusedFhirPath(operation, `its path leads to ${more.length + 1} elements; it must be one.`)
  const [last, list] = [way.at(-1), way.at(-2)]
  if (last === undefined) throw refusedFhirPath(operation, 'a patch cannot delete the resource.')
  const upper = way.slice(0, typeof last === 'number' ? -2 : -1)
  const parent = valueAt(root, upper) as Json
  noteWay(emptied, root, upper)
  if (typeof last === 'number') splice(parent, String(list), last, 1)
  else {
    delete parent[last]
    delete parent[`_${last}`]
  }
  dropIfEmpty(root, upper)
}

const replaceElement = (operation: FhirPathOperation, root: Json): void => {
  const way = findOnlyWay(operation, root)
  const last = way.at(-1)
  if (last === undefined) throw refusedFhirPath(operation, 'a patch cannot replace the resource.')
  const part = valuePart(operation)
  const inList = typeof last === 'number'
  const parentWay = way.slice(0, inList ? -2 : -1)
  const parent = valueAt(root, parentWay) as Json
  const structure = structureAt(root, parentWay)
  const present = String(inList ? way.at(-2) : last)
  const name = structure?.members.get(present)?.element.name ?? present
  const { json, rule } = memberFor(operation, structure, name, part)
  const made = valueFrom(operation, part, rule)
  if (inList) {
    splice(parent, present, last, 1, made)
    return
  }
  delete parent[present]
  delete parent[`_${present}`]
  setMember(parent, json, made)
}

const moveElement = (operation: FhirPathOperation, root: Json): void => {
  const { parent, name } = listAt(operation, root)
  const { source, destination } = operation
  const length = itemCount(parent, name)
  if (source === undefined || destination === undefined)
    throw malformedFhirPath(operation.position, 'needs a `source` and a `destination`.')
  if (source >= length || destination >= length)
    throw refusedFhirPath(operation, `the list has ${length} items.`)
  const [value, beside] = [name, `_${name}`].map((key) => ((parent[key] as unknown[]) ?? [])[source])
  splice(parent, name, source, 1)
  splice(parent, name, destination, 0, { value, beside })
}

const applyFhirPath: Readonly<
  Record<string, (operation: FhirPathOperation, root: Json, emptied: Emptied) => void>
> = {
  add: addElement,
  insert: insertElement,
  delete: deleteElement,
  replace: replaceElement,
  move: moveElement,
}

/**
 * Returns the function that applies a FHIRPath Patch to a JSON text and keeps the digits of numbers. The function fails
 * at the first operation that does not apply.
 */
export const fhirPathPatcher = (patch: string): Patcher => {
  fhirPathOperations(patch)
  return (text) => {
    const root = parseKeeping(text) as Json
    const emptied: Emptied = new Set()
    for (const operation of fhirPathOperations(patch))
      applyFhirPath[operation.type]?.(operation, root, emptied)
    withoutEmptied(root, emptied)
    return printKeeping(root)
  }
}
