import type { Resource } from '../fhir/definitions.ts'
import { isObject } from '../fhir/json/object.ts'
import { repeatedMember, skipString } from '../fhir/json/splice.ts'
import { syntaxFault } from '../fhir/json/syntax.ts'
import { isImpossible } from '../fhir/xml/characters.ts'
import { failure } from '../outcome/failure.ts'
import {
  badJson,
  emptyBody,
  halfCharacter,
  impossibleCharacter,
  notAResource,
  repeatedName,
  tooDeep,
} from '../outcome/messages.ts'

/** A resource as it came: parsed to be judged and indexed, and its text, which is what is stored. */
export interface Body {
  resource: Resource
  text: string
}

/** FHIR's own resources stay below 20 levels; what goes deeper is meant to exhaust a reader. */
export const maxDepth = 100

/** Returns whether a JSON value is an object with a `resourceType`. */
export const isResource = (value: unknown): value is Resource =>
  isObject(value) && typeof value.resourceType === 'string'

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    const { what, line, column } = syntaxFault(text)
    throw badJson(what, line, column)
  }
}

/** Returns the value of a JSON text; fails with the line and column where it is not JSON, and where a name repeats or it nests too deep. */
export const parseJson = (text: string): unknown => {
  const value = parsed(text)
  const { depth, members } = extentOf(text)
  if (depth > maxDepth) throw tooDeep(maxDepth)
  // JSON.parse keeps the last of two members of one name; the text, which is what is stored, would keep both.
  if (members !== membersIn(value)) throw repeatedName(repeatedMember(text) ?? '')
  if (surrogate.test(text) && !isWhole(value)) throw halfCharacter()
  return value
}

/** The escape of half a character, which means something only beside its other half. */
const surrogate = /\\u[dD][89a-fA-F]/

const isWhole = (value: unknown): boolean => {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, each]) => name.isWellFormed() && isWhole(each))
}

const extentOf = (text: string): { depth: number; members: number } => {
  let depth = 0
  let deepest = 0
  let members = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x22) i = skipString(text, i) - 1
    else if (c === 0x3a) members++
    else if (c === 0x7b || c === 0x5b) deepest = Math.max(deepest, ++depth)
    else if (c === 0x7d || c === 0x5d) depth--
  }
  return { depth: deepest, members }
}

const membersIn = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0
  const values = Object.values(value)
  let count = Array.isArray(value) ? 0 : values.length
  for (const each of values) count += membersIn(each)
  return count
}

/** Returns the resource that a request's body holds; fails where there is none. */
export const bodyOf = (text: string, expected: string): Body => {
  if (text.trim() === '') throw emptyBody(expected)
  const resource = parseJson(text)
  if (!isResource(resource)) throw notAResource()
  return { resource, text }
}

/** What of a text tells that it may hold a character that XML cannot: an escape, or one of two that JSON lets stand. */
const perhapsImpossible = /[\\\ufffe\uffff]/

const impossibleIn = (value: unknown, path: string): string | undefined => {
  if (typeof value === 'string') return isImpossible(value) ? path : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const [name, each] of Object.entries(value)) {
    const found = impossibleIn(each, Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`)
    if (found !== undefined) return found
  }
  return undefined
}

const wrongInteger =
  /"value(?:Integer|PositiveInt|UnsignedInt)"\s*:\s*(-0(?![\d.])|-?\d+(?:\.\d+)?[eE][+-]?\d+|-?\d+\.\d+)/

/** Returns the resource that an operation is given; fails where a text of it cannot be written in XML, or an integer is none. */
export const inputBody = (text: string): Resource => {
  const { resource } = bodyOf(text, 'Parameters')
  const path = perhapsImpossible.test(text) ? impossibleIn(resource, resource.resourceType) : undefined
  if (path !== undefined) throw impossibleCharacter(path)
  const [, number] = wrongInteger.exec(text) ?? []
  if (number !== undefined) throw failure('invalid', `\`${number}\` is no integer; write it in digits alone.`)
  return resource
}
