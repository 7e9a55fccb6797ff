/** An operation's parameters with their types, https://hl7.org/fhir/R4/parameters.html, from the URL, a Parameters resource or a bare resource. */

import type { Resource } from '../../fhir/definitions.ts'
import { isObject } from '../../fhir/json/object.ts'
import { failure } from '../../outcome/failure.ts'
import { bodyOf, inputBody, isResource } from '../../request/body.ts'
import type { Call } from '../../request/call.ts'
import {
  checkParameters,
  type OperationDefinition,
  type OperationParameter,
  parameterParts,
  refuseResultParameters,
  takesParameters,
} from './operation.ts'

/** The values under each name: texts as in a URL, or the content of `value[x]` or `resource`. */
export interface OperationInput {
  text(name: string): string | undefined
  texts(name: string): readonly string[]
  flag(name: string): boolean | undefined
  whole(name: string): number | undefined
  /** A value of a complex type, or a resource; in a URL a Coding is written `system|code`, a Period `start/end`. */
  object<T extends object>(name: string): T | undefined
  /** All values of a complex type, or of a parameter with parts: each value by the names of its parts. */
  objects<T extends object>(name: string): readonly T[]
}

type Given = readonly [name: string, value: unknown]

/**
 * Returns the input of a call. Fails with `unknown-parameter` for an unknown parameter, and with `invalid` for a needless
 * repetition or a value of another type.
 */
export const readInput = (definition: OperationDefinition, call: Call): OperationInput => {
  const given: readonly Given[] = [...call.query, ...bodyValues(definition, call)]
  checkParameters(
    definition,
    given.map(([name]) => [name, '']),
  )
  const known = definition.parameter.filter(({ use }) => use === 'in')
  const values = new Map(known.map((parameter) => [parameter.name, valuesGivenFor(parameter, given)]))
  const first = (name: string): unknown => values.get(name)?.[0]
  return {
    text: (name) => first(name) as string | undefined,
    texts: (name) => (values.get(name) ?? []) as string[],
    flag: (name) => first(name) as boolean | undefined,
    whole: (name) => first(name) as number | undefined,
    object: <T extends object>(name: string) => first(name) as T | undefined,
    objects: <T extends object>(name: string) => (values.get(name) ?? []) as T[],
  }
}

const bodyValues = (definition: OperationDefinition, { body }: Call): readonly Given[] => {
  if (body.trim() === '') return []
  const resource = definition.code === 'validate' ? bodyOf(body, 'Parameters').resource : inputBody(body)
  if (resource.resourceType === 'Parameters') {
    const posted = parameterParts(resource.parameter).map(partValue)
    refuseResultParameters(posted.map(([name]) => name))
    return posted
  }
  const own = definition.parameter.find(({ use, type }) => use === 'in' && type === resource.resourceType)
  if (own) return [[own.name, resource]]
  throw takesParameters(definition.code, resource.resourceType)
}

const partValue = (part: Readonly<Record<string, unknown>>): Given => {
  const name =
    Object.keys(part).find((key) => /^value[A-Z]/.test(key)) ?? ('part' in part ? 'part' : 'resource')
  return [String(part.name), part[name]]
}

const valuesGivenFor = (parameter: OperationParameter, given: readonly Given[]): readonly unknown[] => {
  const values = given.filter(([each]) => each === parameter.name)
  return values.map(([, value]) => readValue(parameter, value))
}

const readValue = ({ name, type, part }: OperationParameter, value: unknown): unknown => {
  if (part) return readParts(name, part, value)
  const read = (readers[type ?? ''] ?? (/^[A-Z]/.test(type ?? '') ? objectOfType : asText))(value, type ?? '')
  if (read !== undefined) return read
  const shown = typeof value === 'string' ? `\`${value}\`` : 'what was given'
  throw failure('invalid', `\`${name}\` is of type ${type}, which ${shown} is not.`, name)
}

const readParts = (name: string, parts: readonly OperationParameter[], value: unknown): unknown => {
  const given = parameterParts(value).map(partValue)
  const known = parts.map((part) => part.name)
  const isOnce = new Set(given.map(([each]) => each)).size === given.length
  if (given.length > 0 && isOnce && given.every(([each]) => known.includes(each)))
    return Object.fromEntries(parts.map((part) => [part.name, valuesGivenFor(part, given)[0]]))
  const shown = known.map((each) => `\`${each}\``).join(' and ')
  throw failure(
    'invalid',
    `\`${name}\` has the parts ${shown}, each once, and is sent as Parameters by POST.`,
    name,
  )
}

type ValueReader = (value: unknown, type: string) => unknown

const asText: ValueReader = (value) => (typeof value === 'string' && value !== '' ? value : undefined)

const objectOfType: ValueReader = (value, type) => {
  if (!isObject(value)) return undefined
  const { resourceType } = value as Partial<Resource>
  return resourceType === undefined || resourceType === type ? value : undefined
}

const readers: Readonly<Record<string, ValueReader>> = {
  boolean: (value) => ({ true: true, false: false })[String(value)],
  integer: (value) => (/^\d{1,9}$/.test(String(value)) ? Number(value) : undefined),
  positiveInt: (value) => (/^[1-9]\d{0,8}$/.test(String(value)) ? Number(value) : undefined),
  decimal: (value) => (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(String(value)) ? String(value) : undefined),
  Period: (value, type) => {
    if (typeof value !== 'string') return objectOfType(value, type)
    const [start, end, ...more] = value.split('/')
    return more.length > 0 || !(start || end) ? undefined : { ...(start && { start }), ...(end && { end }) }
  },
  Resource: (value) => (isResource(value) ? value : undefined),
  Coding: (value, type) => {
    if (typeof value !== 'string') return objectOfType(value, type)
    const [code = '', system] = value.split('|').toReversed()
    return code === '' ? undefined : { ...(system && { system }), code }
  },
}
