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

/** A resource as received: parsed for checks and for the index, and as the text to store. */
export interface Body {
  resource: Resource
  text: string
}

/** The maximum of nested levels. FHIR's own resources stay below 20; deeper nesting is meant to exhaust a reader. */
export const maxBodyDepth = 100

/** Returns whether a JSON value is an object with a `resourceType`. */
export const isResource = (value: unknown): value is Resource =>
  isObject(value) && typeof value.resourceType === 'string'

const parsedJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    const { what, line, column } = syntaxFault(text)
    throw badJson(what, line, column)
  }
}

/**
 * Returns the value of a JSON text. Fails for a text that is not JSON, with line and column, and for a repeated member
 * name, too many nested levels or half a surrogate pair.
 */
export const parseJson = (text: string): unknown => {
  const value = parsedJson(text)
  const { depth, members } = jsonExtent(text)
  if (depth > maxBodyDepth) throw tooDeep(maxBodyDepth)
  // JSON.parse keeps the last of two members with the same name, whereas the stored text would keep both.
  if (members !== membersIn(value)) throw repeatedName(repeatedMember(text) ?? '')
  if (surrogate.test(text) && !isWellFormedJson(value)) throw halfCharacter()
  return value
}

/** The escape of half a surrogate pair, meaningful only beside its second half. */
const surrogate = /\\u[dD][89a-fA-F]/

const isWellFormedJson = (value: unknown): boolean => {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, each]) => name.isWellFormed() && isWellFormedJson(each))
}

const jsonExtent = (text: string): { depth: number; members: number } => {
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

/** Returns the resource of a request's body; fails for an empty body and for a body without a resource. */
export const bodyOf = (text: string, expected: string): Body => {
  if (text.trim() === '') throw emptyBody(expected)
  const resource = parseJson(text)
  if (!isResource(resource)) throw notAResource()
  return { resource, text }
}

/** Signs of a character that XML cannot represent: an escape, or a character that JSON permits unescaped. */
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

/**
 * Returns the resource that an operation receives; fails for a character that XML cannot represent, and for an integer
 * that is not written in digits alone.
 */
export const inputBody = (text: string): Resource => {
  const { resource } = bodyOf(text, 'Parameters')
  const path = perhapsImpossible.test(text) ? impossibleIn(resource, resource.resourceType) : undefined
  if (path !== undefined) throw impossibleCharacter(path)
  const [, number] = wrongInteger.exec(text) ?? []
  if (number !== undefined) throw failure('invalid', `\`${number}\` is no integer; write it in digits alone.`)
  return resource
}
