/** https://www.rfc-editor.org/rfc/rfc6902 and https://hl7.org/fhir/R4/http.html#patch */

import { holdsMark, markedDigits, parseKeeping, printKeeping } from '../../fhir/json/digits.ts'
import { isObject, type Json } from '../../fhir/json/object.ts'
import { compareDecimals, parseDecimal } from '../../fhir/values/decimal.ts'
import { type Failure, failure } from '../../outcome/failure.ts'
import { tooDeep } from '../../outcome/messages.ts'
import { maxBodyDepth, parseJson } from '../../request/body.ts'
import { type Emptied, noteWay, withoutEmptied } from './emptied.ts'
import type { Patcher } from './patcher.ts'

/** https://www.rfc-editor.org/rfc/rfc6901 — the names and indexes on the way to a value. */
type Pointer = readonly string[]

interface JsonOperation {
  position: number
  op: string
  written: string
  path: Pointer
  from: Pointer
  value: unknown
}

/** The patched resource; `copied` counts the characters copied so far. */
interface JsonTarget {
  root: unknown
  emptied: Emptied
  copied: number
}

/** The maximum of characters to copy: copies of copies double, so that thirty operations could fill any memory. */
const maxCopied = 6 * 1024 * 1024

const refusedJson = ({ position, op, written }: JsonOperation, why: string): Failure =>
  failure(
    'invariant',
    `Operation ${position} of the patch (\`${op}\` at \`${written}\`) does not apply: ${why} Nothing was changed.`,
  )

const absent = (operation: JsonOperation): Failure => refusedJson(operation, 'there is nothing at its path.')

const malformedJson = (position: number, needs: string): Failure =>
  failure('malformed', `Operation ${position} of the patch needs ${needs}.`)

const pointerOf = (text: unknown): Pointer | undefined => {
  if (text === '') return []
  if (typeof text !== 'string' || !text.startsWith('/') || /~(?![01])/.test(text)) return undefined
  const parts = text.slice(1).split('/')
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

const jsonValueAt = (operation: JsonOperation, pointer: Pointer, { root }: JsonTarget): unknown =>
  pointer.reduce((value, key) => {
    if (Array.isArray(value) && /^(0|[1-9]\d*)$/.test(key) && Number(key) < value.length)
      return value[Number(key)]
    if (isObject(value) && Object.hasOwn(value, key)) return value[key]
    throw absent(operation)
  }, root)

/** Returns the end of a pointer: the object or list, and the name or index in it. */
const endOf = (operation: JsonOperation, pointer: Pointer, target: JsonTarget) => ({
  holder: jsonValueAt(operation, pointer.slice(0, -1), target),
  key: pointer.at(-1) ?? '',
})

/** Defines a member. A name such as `__proto__` must behave like any name. */
const define = (holder: object, key: string, value: unknown): void =>
  void Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true })

const depthOf = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce((deepest: number, each) => Math.max(deepest, 1 + depthOf(each)), 1)
}

const putJson = (operation: JsonOperation, pointer: Pointer, value: unknown, target: JsonTarget): void => {
  if (pointer.length + depthOf(value) > maxBodyDepth) throw tooDeep(maxBodyDepth)
  if (pointer.length === 0) {
    target.root = value
    return
  }
  const { holder, key } = endOf(operation, pointer, target)
  const index = key === '-' && Array.isArray(holder) ? holder.length : Number(key)
  if (isObject(holder)) define(holder, key, value)
  else if (Array.isArray(holder) && /^(-|0|[1-9]\d*)$/.test(key) && index <= holder.length)
    holder.splice(index, 0, value)
  else throw absent(operation)
}

const takeJson = (operation: JsonOperation, pointer: Pointer, target: JsonTarget): unknown => {
  const taken = jsonValueAt(operation, pointer, target)
  if (pointer.length === 0) throw refusedJson(operation, 'a patch cannot remove the resource.')
  const { holder, key } = endOf(operation, pointer, target)
  noteWay(target.emptied, target.root, pointer.slice(0, -1))
  if (Array.isArray(holder)) holder.splice(Number(key), 1)
  else delete (holder as Json)[key]
  return taken
}

/** Numbers are equal whatever digits they are written with. */
const isSameValue = (a: unknown, b: unknown): boolean => {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => isSameValue(item, b[i]))
  if (isObject(a) && isObject(b)) {
    const names = Object.keys(a)
    return (
      names.length === Object.keys(b).length &&
      names.every((name) => Object.hasOwn(b, name) && isSameValue(a[name], b[name]))
    )
  }
  const [left, right] = [a, b].map((value) => parseDecimal(markedDigits(value) ?? ''))
  return left && right ? compareDecimals(left, right) === 0 : a === b
}

const applyJson: Readonly<Record<string, (operation: JsonOperation, target: JsonTarget) => void>> = {
  add: (operation, target) => putJson(operation, operation.path, operation.value, target),
  remove: (operation, target) => void takeJson(operation, operation.path, target),
  replace: (operation, target) => {
    jsonValueAt(operation, operation.path, target)
    const { holder, key } = endOf(operation, operation.path, target)
    if (operation.path.length === 0) target.root = operation.value
    else define(holder as object, key, operation.value)
  },
  move: (operation, target) => {
    const { path, from } = operation
    if (path.length > from.length && from.every((key, i) => key === path[i]))
      throw refusedJson(operation, 'nothing can be moved into itself.')
    putJson(operation, path, takeJson(operation, from, target), target)
  },
  copy: (operation, target) => {
    const text = JSON.stringify(jsonValueAt(operation, operation.from, target))
    target.copied += text.length
    if (target.copied > maxCopied)
      throw failure(
        'too-large',
        `Operation ${operation.position} of the patch copies too much: ${target.copied} characters in all.`,
      )
    putJson(operation, operation.path, JSON.parse(text), target)
  },
  test: (operation, target) => {
    if (!isSameValue(jsonValueAt(operation, operation.path, target), operation.value))
      throw refusedJson(operation, 'the value at its path is another one.')
  },
}

const takesValue = new Set(['add', 'replace', 'test'])
const takesFrom = new Set(['move', 'copy'])

const jsonOperation = (json: unknown, position: number): JsonOperation => {
  const { op, path: written, from: source = '', ...rest } = isObject(json) ? json : {}
  const [path, from] = [pointerOf(written), pointerOf(source)]
  if (typeof op !== 'string' || !Object.hasOwn(applyJson, op) || !path)
    throw malformedJson(
      position,
      `\`op\` (${Object.keys(applyJson).join(', ')}) and \`path\`, such as \`/name/0/family\``,
    )
  if (takesFrom.has(op) && (source === '' || !from))
    throw malformedJson(position, '`from`, such as `/name/0`')
  if (takesValue.has(op) && !Object.hasOwn(rest, 'value')) throw malformedJson(position, '`value`')
  return { position, op, written: String(written), path, from: from ?? [], value: rest.value }
}

const jsonOperations = (patch: string): JsonOperation[] => {
  if (holdsMark(patch))
    throw failure('invalid', 'The patch holds the character U+0000, which FHIR does not allow.')
  parseJson(patch)
  const operations = parseKeeping(patch)
  if (!Array.isArray(operations) || operations.length === 0)
    throw failure('malformed', 'A JSON Patch is an array of operations, at least one.')
  return operations.map(jsonOperation)
}

/**
 * Returns the function that applies a JSON Patch to a JSON text and keeps the digits of numbers. The function fails at
 * the first operation that does not apply.
 */
export const jsonPatcher = (patch: string): Patcher => {
  jsonOperations(patch)
  return (text) => {
    const target: JsonTarget = { root: parseKeeping(text), emptied: new Set(), copied: 0 }
    // The patch is read again for each text, since its parts are moved into the target.
    for (const operation of jsonOperations(patch)) applyJson[operation.op]?.(operation, target)
    withoutEmptied(target.root, target.emptied)
    return printKeeping(target.root)
  }
}
