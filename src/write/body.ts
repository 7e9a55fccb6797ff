import type { Resource } from '../fhir/definitions.ts'
import { skipString } from '../fhir/json.ts'
import { badJson, emptyBody, notAResource, tooDeep } from '../outcome/messages.ts'
import { syntaxFault } from './syntax.ts'

/** A resource as it came: parsed to be judged and indexed, and its text, which is what is stored. */
export interface Body {
  resource: Resource
  text: string
}

/** FHIR's own resources stay below 20 levels; what goes deeper is meant to exhaust a reader. */
const maxDepth = 100

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Returns whether a JSON value is an object with a `resourceType`. */
export const isResource = (value: unknown): value is Resource =>
  isObject(value) && typeof value.resourceType === 'string'

/** Returns the value of a JSON text; fails with the line and column where it is not JSON. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    const { what, line, column } = syntaxFault(text)
    throw badJson(what, line, column)
  }
}

/** Returns how deep the objects and arrays of a JSON text nest. */
export const depthOf = (text: string): number => {
  let depth = 0
  let deepest = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x22) i = skipString(text, i) - 1
    else if (c === 0x7b || c === 0x5b) deepest = Math.max(deepest, ++depth)
    else if (c === 0x7d || c === 0x5d) depth--
  }
  return deepest
}

/** Returns the resource that a request's body holds; fails where there is none. */
export const bodyOf = (text: string, expected: string): Body => {
  if (text.trim() === '') throw emptyBody(expected)
  const resource = parseJson(text)
  if (!isResource(resource)) throw notAResource()
  if (depthOf(text) > maxDepth) throw tooDeep(maxDepth)
  return { resource, text }
}
