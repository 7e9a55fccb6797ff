/** The rules that definitions state in FHIRPath, https://hl7.org/fhir/R4/conformance-rules.html#constraints */

import { type Invariant, makeInvariants } from '../fhir/generated/invariants.js'
import { error, warning } from '../outcome/failure.ts'
import { expressionOf, note, type ValidationRun } from './run.ts'

export type { Invariant }

/** Rules on so many elements that they are written by hand for speed. */
const handWritten: Readonly<Record<string, readonly Invariant[]>> = {
  Extension: [
    {
      key: 'ext-1',
      severity: 'error',
      human: 'Must have either extensions or value[x], not both',
      holds: (extension) => {
        const names = Object.keys(extension as object)
        const hasExtension = names.includes('extension')
        return hasExtension !== names.some((name) => name.startsWith('value') || name.startsWith('_value'))
      },
    },
  ],
}

const compiledInvariants = new Map<string, readonly Invariant[]>()

/** Returns the invariants stated at a type or an element. */
export const invariantsOf = (path: string): readonly Invariant[] => {
  const known = compiledInvariants.get(path)
  if (known) return known
  const invariants = handWritten[path] ?? makeInvariants[path]?.() ?? []
  compiledInvariants.set(path, invariants)
  return invariants
}

/** Notes each invariant that the value at the current place breaks. */
export const checkInvariants = (
  run: ValidationRun,
  value: unknown,
  invariants: readonly Invariant[],
): void => {
  for (const { key, severity, human, holds } of invariants) {
    if (severity === 'warning' && !run.options.warnings) continue
    if (holds(value, run.resource) === true) continue
    const make = severity === 'warning' ? warning : error
    note(run, make('invariant', `\`${key}\`: ${human}`, expressionOf(run)))
  }
}
