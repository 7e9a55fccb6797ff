/** https://hl7.org/fhir/R4/fhirpatch.html */

import { holdsMark, parseKeeping, printKeeping } from '../../fhir/json/digits.ts'
import { isObject } from '../../fhir/json/object.ts'
import { type Way, waysTo } from '../../fhir/path/fhirpath.ts'
import { type MemberRule, type Structure, structureOf } from '../../fhir/structure.ts'
import { type Failure, failure } from '../../outcome/failure.ts'
import { parseJson } from '../../request/body.ts'
import { type Emptied, noteWay, withoutEmptied } from './emptied.ts'
import {
  append,
  at,
  dropIfEmpty,
  holderAt,
  inJson,
  lengthOf,
  type Made,
  type Members,
  put,
  splice,
} from './members.ts'
import type { Patcher } from './patcher.ts'

/** One operation: its parts by name, values as `parseKeeping` reads them. */
interface Operation {
  position: number
  type: string
  path: string
  name: string | undefined
  value: Part | undefined
  index: number | undefined
  source: number | undefined
  destination: number | undefined
}

type Part = Members

const kinds = new Set(['add', 'insert', 'delete', 'replace', 'move'])

const listIn = (value: unknown): Members[] => (Array.isArray(value) ? value.filter(isObject) : [])

const malformed = (position: number, why: string): Failure =>
  failure(
    'malformed',
    `Operation ${position} of the patch ${why} Nothing was changed.`,
    `Parameters.parameter[${position}]`,
  )

const refused = ({ position, type, path }: Operation, why: string): Failure =>
  failure(
    'invariant',
    `Operation ${position} of the patch (\`${type}\` at \`${path}\`) does not apply: ${why} Nothing was changed.`,
    `Parameters.parameter[${position}]`,
  )

/** `valueDate`, be there only its id and extensions. */
const valueName = (part: Part): string | undefined =>
  Object.keys(part)
    .find((key) => /^_?value[A-Z]/.test(key))
    ?.replace('_', '')

const operationOf = (parameter: Members, position: number): Operation => {
  const parts = new Map(listIn(parameter.part).map((part) => [String(part.name), part]))
  const text = (name: string): string | undefined => {
    const part = parts.get(name)
    const key = part && valueName(part)
    return key === undefined ? undefined : String(part?.[key]).replace('\u0000', '')
  }
  const number = (name: string): number | undefined => {
    const written = text(name)
    if (written === undefined) return undefined
    if (!/^\d+$/.test(written)) throw malformed(position, `has no whole number as \`${name}\`.`)
    return Number(written)
  }
  if (parameter.name !== 'operation') throw malformed(position, 'is not named `operation`.')
  const [type = '', path] = [text('type'), text('path')]
  if (!kinds.has(type)) throw malformed(position, `needs a \`type\`: ${[...kinds].join(', ')}.`)
  if (path === undefined) throw malformed(position, 'needs a `path`.')
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

const operationsOf = (patch: string): Operation[] => {
  if (holdsMark(patch))
    throw failure('invalid', 'The patch holds the character U+0000, which FHIR does not allow.')
  parseJson(patch)
  const parameters = parseKeeping(patch)
  if (!isObject(parameters) || parameters.resourceType !== 'Parameters')
    throw failure('malformed', 'A FHIRPath Patch is a Parameters resource.')
  const operations = listIn(parameters.parameter).map(operationOf)
  if (operations.length === 0)
    throw failure('required', 'The patch has no `operation`.', 'Parameters.parameter')
  return operations
}

const contentOf = (value: unknown, { type }: MemberRule): string =>
  type.code === 'Resource' && isObject(value) ? String(value.resourceType) : type.content

/** Returns the structure of what stands at a way. */
const structureAt = (root: Members, way: Way): Structure | undefined => {
  let structure = structureOf(String(root.resourceType))
  way.forEach((step, i) => {
    if (typeof step === 'number') return
    if (step.startsWith('_')) structure = structureOf('Element')
    if (step.startsWith('_')) return
    const rule = structure?.members.get(step)
    const value = at(root, way.slice(0, typeof way[i + 1] === 'number' ? i + 2 : i + 1))
    structure = rule && structureOf(contentOf(value, rule))
  })
  return structure
}

/** What a few characters of a path could keep busy for hours. */
const costly = /\b(matches|matchesFull|replaceMatches|repeat|aggregate)\s*\(/

const find = (operation: Operation, root: unknown): Way[] => {
  const [, name] = costly.exec(operation.path) ?? []
  if (name !== undefined) throw refused(operation, `\`${name}()\` is not possible in its path.`)
  const plain = JSON.parse(printKeeping(root)) as object
  let ways: (Way | undefined)[]
  try {
    ways = waysTo(plain, operation.path)
  } catch (thrown) {
    throw refused(operation, `its path cannot be read (${(thrown as Error).message.split('\n')[0]}).`)
  }
  if (ways.includes(undefined))
    throw refused(operation, 'its path leads to something computed, not to an element.')
  return (ways as Way[]).map((way) => inJson(root, way))
}

const findOne = (operation: Operation, root: unknown): Way => {
  const [way, ...more] = find(operation, root)
  if (!way) throw refused(operation, 'there is nothing at its path.')
  if (more.length > 0)
    throw refused(operation, `its path leads to ${more.length + 1} elements; it must be one.`)
  return way
}

/** The member of that name: its JSON name, which for a choice ends in the type of the value. */
const memberFor = (operation: Operation, structure: Structure | undefined, name: string, part: Part) => {
  const own = valueName(part)
  const plain = name.replace(/\[x\]$/, '')
  const choice = structure?.elements.find((element) => element.name === plain)?.choice ?? false
  const json = choice && own !== undefined ? plain + own.slice('value'.length) : plain
  const rule = structure?.members.get(json)
  if (!structure || !rule)
    throw refused(operation, `\`${structure?.name ?? 'what is there'}\` has no element \`${json}\`.`)
  return { json, rule }
}

const isA = (type: string | undefined, wanted: string): boolean =>
  type !== undefined && (type === wanted || isA(structureOf(type)?.base, wanted))

/** https://hl7.org/fhir/R4/fhirpatch.html#concept: a value of a wrong type is an error, be it of the same form. */
const checkType = (operation: Operation, own: string, { element, type }: MemberRule): void => {
  const written = own.slice('value'.length)
  const primitive = written.charAt(0).toLowerCase() + written.slice(1)
  const wanted = type.code === 'xhtml' ? 'string' : type.code
  if (!isA(structureOf(primitive) ? primitive : written, wanted))
    throw refused(operation, `\`${element.name}\` is of type \`${wanted}\`, not \`${own}\`.`)
}

/** Turns a part into the value of an element: one of a data type, a resource, or one put together of named parts. */
const valueFrom = (operation: Operation, part: Part, rule: MemberRule): Made => {
  const own = valueName(part)
  if (own !== undefined) {
    checkType(operation, own, rule)
    return { value: part[own], beside: part[`_${own}`] }
  }
  if (isObject(part.resource)) return { value: part.resource, beside: undefined }
  const structure = structureOf(rule.type.content)
  const value: Members = {}
  for (const inner of listIn(part.part)) {
    const { json, rule: innerRule } = memberFor(operation, structure, String(inner.name), inner)
    const made = valueFrom(operation, inner, innerRule)
    if (innerRule.element.max > 1) append(value, json, made)
    else put(value, json, made)
  }
  if (Object.keys(value).length === 0) throw malformed(operation.position, 'needs a `value`.')
  return { value, beside: undefined }
}

const valuePart = (operation: Operation): Part => {
  if (!operation.value) throw malformed(operation.position, 'needs a `value`.')
  return operation.value
}

const add = (operation: Operation, root: Members): void => {
  const way = findOne(operation, root)
  const { name } = operation
  if (name === undefined) throw malformed(operation.position, 'needs a `name`.')
  const part = valuePart(operation)
  const structure = isObject(at(root, way)) ? structureAt(root, way) : structureOf('Element')
  const { json, rule } = memberFor(operation, structure, name, part)
  const parent = holderAt(root, way)
  const made = valueFrom(operation, part, rule)
  if (rule.element.max > 1) append(parent, json, made)
  else if (parent[json] !== undefined)
    throw refused(operation, `\`${json}\` is there already; use \`replace\`.`)
  else put(parent, json, made)
}

/** The list that a way leads into, and the member that holds it. */
const listAt = (operation: Operation, root: Members): { parent: Members; name: string; way: Way } => {
  const [way] = find(operation, root)
  const name = way?.at(-2)
  if (!way || typeof way.at(-1) !== 'number' || typeof name !== 'string')
    throw refused(operation, 'its path leads to no list.')
  return { parent: at(root, way.slice(0, -2)) as Members, name, way: way.slice(0, -2) }
}

const insert = (operation: Operation, root: Members): void => {
  const { parent, name, way } = listAt(operation, root)
  const { index } = operation
  const length = lengthOf(parent, name)
  if (index === undefined) throw malformed(operation.position, 'needs an `index`.')
  if (index > length) throw refused(operation, `the list has ${length} items.`)
  const part = valuePart(operation)
  const { rule } = memberFor(operation, structureAt(root, way), name, part)
  splice(parent, name, index, 0, valueFrom(operation, part, rule))
}

const remove = (operation: Operation, root: Members, emptied: Emptied): void => {
  const [way, ...more] = find(operation, root)
  if (!way) return
  if (more.length > 0)
    throw refused(operation, `its path leads to ${more.length + 1} elements; it must be one.`)
  const [last, list] = [way.at(-1), way.at(-2)]
  if (last === undefined) throw refused(operation, 'a patch cannot delete the resource.')
  const upper = way.slice(0, typeof last === 'number' ? -2 : -1)
  const parent = at(root, upper) as Members
  noteWay(emptied, root, upper)
  if (typeof last === 'number') splice(parent, String(list), last, 1)
  else {
    delete parent[last]
    delete parent[`_${last}`]
  }
  dropIfEmpty(root, upper)
}

const replace = (operation: Operation, root: Members): void => {
  const way = findOne(operation, root)
  const last = way.at(-1)
  if (last === undefined) throw refused(operation, 'a patch cannot replace the resource.')
  const part = valuePart(operation)
  const inList = typeof last === 'number'
  const parentWay = way.slice(0, inList ? -2 : -1)
  const parent = at(root, parentWay) as Members
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
  put(parent, json, made)
}

const move = (operation: Operation, root: Members): void => {
  const { parent, name } = listAt(operation, root)
  const { source, destination } = operation
  const length = lengthOf(parent, name)
  if (source === undefined || destination === undefined)
    throw malformed(operation.position, 'needs a `source` and a `destination`.')
  if (source >= length || destination >= length) throw refused(operation, `the list has ${length} items.`)
  const [value, beside] = [name, `_${name}`].map((key) => ((parent[key] as unknown[]) ?? [])[source])
  splice(parent, name, source, 1)
  splice(parent, name, destination, 0, { value, beside })
}

const apply: Readonly<Record<string, (operation: Operation, root: Members, emptied: Emptied) => void>> = {
  add,
  insert,
  delete: remove,
  replace,
  move,
}

/** Returns what changes a JSON text as a FHIRPath Patch says, numbers with their digits; that fails at the first operation that cannot be done. */
export const fhirPathPatcher = (patch: string): Patcher => {
  operationsOf(patch)
  return (text) => {
    const root = parseKeeping(text) as Members
    const emptied: Emptied = new Set()
    for (const operation of operationsOf(patch)) apply[operation.type]?.(operation, root, emptied)
    withoutEmptied(root, emptied)
    return printKeeping(root)
  }
}
