/** https://hl7.org/fhir/R4/operationdefinition.html and https://hl7.org/fhir/R4/operations.html */

import type { Action } from '../../auth/rules/groups.ts'
import { isObject, type Json } from '../../fhir/json/object.ts'
import { isKnown } from '../../interactions/result-parameters.ts'
import { type Failure, failure } from '../../outcome/failure.ts'
import { inputBody } from '../../request/body.ts'
import type { Call, Interaction, Pairs } from '../../request/call.ts'

/** One parameter: of a type, or with parts of its own. */
export interface Parameter {
  name: string
  use: 'in' | 'out'
  min: number
  max: string
  type?: string
  part?: readonly Parameter[]
}

/** What an operation says about itself: its routes, its parameters and its place in the CapabilityStatement follow. */
export interface OperationDefinition {
  url: string
  code: string
  /** The types that it is for; absent for all. */
  resource?: readonly string[]
  affectsState: boolean
  /** At the service base; not so where absent. */
  system?: boolean
  type: boolean
  instance: boolean
  /** At one version of a resource; not so where absent. */
  version?: boolean
  parameter: readonly Parameter[]
}

export interface Operation {
  definition: OperationDefinition
  /** How it may be invoked; GET only where nothing changes. */
  methods: readonly ('GET' | 'POST')[]
  action: Action
  run: Interaction
}

/** Fails where the query holds a parameter that the operation does not define, or one twice that it takes once. */
export const checkParameters = ({ code, parameter }: OperationDefinition, query: Pairs): void => {
  const taken = parameter.filter(({ use }) => use === 'in')
  const known = taken.map(({ name }) => name)
  const unknown = query.find(([name]) => !isKnown(name, ...known, '_cursor'))
  if (unknown)
    throw failure(
      'unknown-parameter',
      `\`${unknown[0]}\` is no parameter of \`$${code}\`. It has ${known.map((name) => `\`${name}\``).join(', ') || 'none'}.`,
    )
  checkOnce(
    taken
      .filter(({ max }) => max === '1')
      .map(({ name }) => name)
      .concat('_cursor'),
    query,
  )
}

/** Fails where one of the parameters is given twice, since one of them would not be heeded. */
export const checkOnce = (names: readonly string[], query: Pairs): void => {
  for (const name of names) {
    const { length } = query.filter(([key]) => key === name)
    if (length > 1) throw failure('invalid', `\`${name}\` may be given once, not ${length} times.`, name)
  }
}

/** Returns the parts of a Parameters resource's `parameter`, or of a part of it. */
export const partsOf = (list: unknown): Json[] => (Array.isArray(list) ? list.filter(isObject) : [])

/** A value as a query would spell it: a coding as `system|code`, a reference as its text. */
const spelled = (part: Json): string => {
  const name = Object.keys(part).find((key) => /^value[A-Z]/.test(key)) ?? ''
  const value = part[name]
  if (!isObject(value)) return String(value ?? '')
  if ('reference' in value) return String(value.reference)
  return 'code' in value ? `${value.system ?? ''}|${value.code}` : JSON.stringify(value)
}

/** Returns what an operation is given as pairs, whether it came in the URL or as Parameters; fails where it is another resource. */
export const givenPairs = ({ code }: OperationDefinition, { query, body }: Call): Pairs => {
  if (body.trim() === '') return query
  const resource = inputBody(body)
  if (resource.resourceType !== 'Parameters') throw takesParameters(code, resource.resourceType)
  const posted = partsOf(resource.parameter).map((part) => [String(part.name), spelled(part)] as const)
  checkPlace(posted.map(([name]) => name))
  return [...query, ...posted]
}

/** Fails where Parameters hold what is said of the answer, such as `_summary`: it is read in the URL alone. */
export const checkPlace = (names: readonly string[]): void => {
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

/** Returns an operation's parameters as pairs; fails where one is unknown, or given twice in vain. */
export const inputOf = (definition: OperationDefinition, call: Call): Pairs => {
  const pairs = givenPairs(definition, call)
  checkParameters(definition, pairs)
  return pairs
}
