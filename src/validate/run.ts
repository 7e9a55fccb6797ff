/** One validation under way: where it stands and what it has found. */

import type { Resource } from '../fhir/definitions.ts'
import type { Json } from '../fhir/json/object.ts'
import { error, type Issue, type KindName } from '../outcome/failure.ts'

/** What a caller may ask for beyond the rules that always hold. */
export interface ValidateOptions {
  /** Whether references may be searches (`Patient?identifier=…`), as in a transaction before it is resolved. */
  conditionalReferences?: boolean
  /** Tells the type of what stands at an address in the same Bundle. */
  typeAt?: (url: string) => string | undefined
  /** Whether references may lead to types that R4 does not allow there. */
  anyTarget?: boolean
  /** Whether to tell also what is allowed but not advised. */
  warnings?: boolean
  /** The JSON text that the resource was parsed from: with it, integers are judged by their digits as written. */
  text?: string
}

export interface Run {
  readonly issues: Issue[]
  /** How many errors are among the issues; warnings never keep errors from being found. */
  errors: number
  /** How many errors of form were found in the nearest resource: while there are some, invariants could mislead. */
  faults: number
  /** Element names and list positions from the resource's type to the current place. */
  readonly path: (string | number)[]
  /** The resource whose contained resources a `#id` names. */
  root: Resource
  /** The nearest resource around the current place: a contained one within itself. */
  resource: unknown
  /** The `#id` links met within that resource, and which contained resources point back to it with `#`. */
  local: Local
  readonly options: ValidateOptions
  /** The whole of what is validated. */
  readonly top: Json
  /** The names of members with numbers that are not written in digits alone; found when the first integer asks for them. */
  suspects?: ReadonlySet<string>
  /** Each parsed object's twin with the texts of its numbers; made when an integer may be among those. */
  exact?: WeakMap<object, Json>
}

export interface Local {
  /** Where that resource stands: how long the path to it is. */
  depth: number
  names: Set<string>
  pointingBack: Set<number>
}

/** Looks at an object that stands in an element, beyond what its type asks for. */
export type ObjectCheck = (run: Run, object: Json) => void

/** More findings than this would not be read, and a hostile resource could make millions. */
const issueLimit = 50

/** Deeper than any resource of the standard; recursion beyond could exhaust the stack. */
export const depthLimit = 100

/** Returns what is known of a resource's local links before it is read. */
export const localAt = (depth: number): Local => ({ depth, names: new Set(), pointingBack: new Set() })

/** Returns whether enough errors have been found. */
export const isFull = (run: Run): boolean => run.errors >= issueLimit

/** Returns the FHIRPath expression of the current place, or of a member of it. */
export const expressionOf = (run: Pick<Run, 'path'>, member?: string): string => {
  let text = ''
  for (const part of run.path)
    text += typeof part === 'number' ? `[${part}]` : text === '' ? part : `.${part}`
  return member === undefined ? text : `${text}.${member}`
}

/** Notes an issue; errors and warnings have a limit each. */
export const note = (run: Run, issue: Issue): void => {
  const isError = issue.severity === 'error'
  if (isError ? isFull(run) : run.issues.length - run.errors >= issueLimit) return
  run.issues.push(issue)
  if (isError) run.errors++
}

/** Notes an error of form at the current place, or at a member of it. */
export const report = (run: Run, kind: KindName, diagnostics: string, member?: string): void => {
  note(run, error(kind, diagnostics, expressionOf(run, member)))
  if (kind !== 'invariant') run.faults++
}

/** Returns what the value is in JSON's words. */
export const jsonKind = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** Returns the value as it is shown to the caller. */
export const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return `\`${text.length > 60 ? `${text.slice(0, 60)}…` : text}\``
}
