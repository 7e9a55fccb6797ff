/** https://hl7.org/fhir/R4/operationdefinition.html and https://hl7.org/fhir/R4/operations.html */

import type { Action } from '../auth/rules/groups.ts'
import type { Interaction, Pairs } from '../interactions/call.ts'
import { isKnown } from '../interactions/manners.ts'
import { failure } from '../outcome/failure.ts'

/** What an operation says about itself: its routes, its parameters and its place in the CapabilityStatement follow. */
export interface OperationDefinition {
  url: string
  code: string
  /** The types that it is for; absent for all. */
  resource?: readonly string[]
  affectsState: boolean
  type: boolean
  instance: boolean
  parameter: readonly { name: string; use: 'in' | 'out'; min: number; max: string; type: string }[]
}

export interface Operation {
  definition: OperationDefinition
  /** How it may be invoked; GET only where nothing changes. */
  methods: readonly ('GET' | 'POST')[]
  action: Action
  run: Interaction
}

/** Fails where the query holds a parameter that the operation does not define. */
export const checkParameters = ({ code, parameter }: OperationDefinition, query: Pairs): void => {
  const known = parameter.filter(({ use }) => use === 'in').map(({ name }) => name)
  const unknown = query.find(([name]) => !isKnown(name, ...known, '_cursor'))
  if (unknown)
    throw failure(
      'unknown-parameter',
      `\`${unknown[0]}\` is no parameter of \`$${code}\`. It has ${known.map((name) => `\`${name}\``).join(', ') || 'none'}.`,
    )
}
