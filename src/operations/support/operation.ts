/** https://hl7.org/fhir/R4/operationdefinition.html and https://hl7.org/fhir/R4/operations.html */

import type { Action } from '../../auth/rules/groups.ts'
import { isObject, type Json } from '../../fhir/json/object.ts'
import { isKnown } from '../../interactions/result-parameters.ts'
import { type Failure, failure } from '../../outcome/failure.ts'
import { inputBody } from '../../request/body.ts'
import type { Call, Interaction, Pairs } from '../../request/call.ts'

/** A parameter of an operation: with a type, or with parts of its own. */
export interface OperationParameter {
  name: string
  use: 'in' | 'out'
  min: number
  max: string
  type?: string
  part?: readonly OperationParameter[]
}

/** An operation's description, from which its routes, its parameters and its place in the CapabilityStatement follow. */
export interface OperationDefinition {
  url: string
  code: string
  /** The types that the operation is for; absent for all types. */
  resource?: readonly string[]
  affectsState: boolean
  /** May be invoked at the service base; false if absent. */
  system?: boolean
  type: boolean
  instance: boolean
  /** May be invoked at a past or current version of a resource; false if absent. */
  version?: boolean
  parameter: readonly OperationParameter[]
}

export interface Operation {
  definition: OperationDefinition
  /** The methods of invocation; GET only for an operation that changes nothing. */
  methods: readonly ('GET' | 'POST')[]
  action: Action
  run: Interaction
}

/**
 * Fails with `unknown-parameter` for a query parameter outside of the definition, and with `invalid` for a repeated
 * parameter whose maximum is 1.
 */
export const checkParameters = ({ code, parameter }: OperationDefinition, query: Pairs): void => {
  const taken = parameter.filter(({ use }) => use === 'in')
  const known = taken.map(({ name }) => name)
  const unknown = query.find(([name]) => !isKnown(name, ...known, '_cursor'))
  if (unknown)
    throw failure(
      'unknown-parameter',
      `\`${unknown[0]}\` is no parameter of \`$${code}\`. It has ${known.map((name) => `\`${name}\``).join(', ') || 'none'}.`,
    )
  refuseRepeated(
    taken
      .filter(({ max }) => max === '1')
      .map(({ name }) => name)
      .concat('_cursor'),
    query,
  )
}

/** Fails with `invalid` for a parameter that is given twice, since the server would have to ignore a value. */
export const refuseRepeated = (names: readonly string[], query: Pairs): void => {
  for (const name of names) {
    const { length } = query.filter(([key]) => key === name)
    if (length > 1) throw failure('invalid', `\`${name}\` may be given once, not ${length} times.`, name)
  }
}

/** Returns the objects in the `parameter` of a Parameters resource, or in the `part` of a parameter. */
export const parameterParts = (list: unknown): Json[] => (Array.isArray(list) ? list.filter(isObject) : [])

/** Returns a value in the spelling of a query: a coding as `system|code`, a reference as its text. */
const queryValueOf = (part: Json): string => {
  const name = Object.keys(part).find((key) => /^value[A-Z]/.test(key)) ?? ''
  const value = part[name]
  if (!isObject(value)) return String(value ?? '')
  if ('reference' in value) return String(value.reference)
  return 'code' in value ? `${value.system ?? ''}|${value.code}` : JSON.stringify(value)
}

/** Returns an operation's input as pairs, from the URL and from Parameters; fails with `invalid` for another resource. */
export const givenPairs = ({ code }: OperationDefinition, { query, body }: Call): Pairs => {
  if (body.trim() === '') return query
  const resource = inputBody(body)
  if (resource.resourceType !== 'Parameters') throw takesParameters(code, resource.resourceType)
  const posted = parameterParts(resource.parameter).map(
    (part) => [String(part.name), queryValueOf(part)] as const,
  )
  refuseResultParameters(posted.map(([name]) => name))
  return [...query, ...posted]
}

/**
 * Fails with `invalid` for a result parameter such as `_summary` within Parameters: result parameters are read from the
 * URL alone.
 */
export const refuseResultParameters = (names: readonly string[]): void => {
  const misplaced = names.find((name) => isKnown(name))
  if (misplaced !== undefined)
    throw failure(
      'invalid',
      `\`${misplaced}\` is about the answer: write it in the URL, not among Parameters.`,
      misplaced,
    )
}

export const takesParameters = (code: string, type: string): Failure =>
  failure('invalid', `\`$${code}\` takes Parameters, not \`${type}\`.`, 'resourceType')

/** Returns an operation's input as pairs; fails for an unknown parameter and for a needless repetition. */
export const inputPairs = (definition: OperationDefinition, call: Call): Pairs => {
  const pairs = givenPairs(definition, call)
  checkParameters(definition, pairs)
  return pairs
}
