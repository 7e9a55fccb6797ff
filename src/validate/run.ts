/** A validation under way: its place and its findings. */

import type { Resource } from '../fhir/definitions.ts'
import type { Json } from '../fhir/json/object.ts'
import { error, type Issue, type KindName } from '../outcome/failure.ts'

/** A caller's options beyond the rules of R4. */
export interface ValidateOptions {
  /**
   * Whether references may be searches (`Patient?identifier=…`), as in a transaction before its references are resolved.
   */
  conditionalReferences?: boolean
  /** Returns the type of the resource at an address in the same Bundle. */
  typeAt?: (url: string) => string | undefined
  /** Whether references may lead to types that R4 does not allow there. */
  anyTarget?: boolean
  /** Whether permitted but inadvisable content is reported too. */
  warnings?: boolean
  /** The JSON text of the resource; if given, integers are checked by their digits as written. */
  text?: string
}

export interface ValidationRun {
  readonly issues: Issue[]
  /** The number of errors among the issues; warnings never keep errors from being found. */
  errors: number
  /** The number of errors of form in the nearest resource: with any, invariants could mislead. */
  faults: number
  /** Element names and list positions from the resource's type to the current place. */
  readonly path: (string | number)[]
  /** The resource whose contained resources a `#id` names. */
  root: Resource
  /** The nearest resource around the current place: a contained resource within itself. */
  resource: unknown
  /** The `#id` links in that resource, and the contained resources that point back to it with `#`. */
  local: Local
  readonly options: ValidateOptions
  /** The validated resource as a whole. */
  readonly top: Json
  /** The names of members with numbers that are not written in digits alone; found when the first integer asks for them. */
  suspects?: ReadonlySet<string>
  /**
   * The twin of each parsed object, with the texts of its numbers; made for the first member that may have an integer
   * among them.
   */
  exact?: WeakMap<object, Json>
}

export interface Local {
  /** The length of the path to that resource. */
  depth: number
  names: Set<string>
  pointingBack: Set<number>
}

/** Checks an object in an element, beyond the rules of its type. */
export type ObjectCheck = (run: ValidationRun, object: Json) => void

/** More findings than this would not be read, and a hostile resource could make millions. */
const issueLimit = 50

/** Deeper than any resource of the standard; recursion beyond could exhaust the stack. */
export const depthLimit = 100

/** Returns the local links of a resource before it is read: an empty set. */
export const localAt = (depth: number): Local => ({ depth, names: new Set(), pointingBack: new Set() })

/** Returns whether enough errors have been found. */
export const hasEnoughErrors = (run: ValidationRun): boolean => run.errors >= issueLimit

/** Returns the FHIRPath expression of the current place, or of a member there. */
export const expressionOf = (run: Pick<ValidationRun, 'path'>, member?: string): string => {
  let text = ''
  for (const part of run.path)
    text += typeof part === 'number' ? `[${part}]` : text === '' ? part : `.${part}`
  return member === undefined ? text : `${text}.${member}`
}

/** Notes an issue; errors and warnings have a limit each. */
export const note = (run: ValidationRun, issue: Issue): void => {
  const isError = issue.severity === 'error'
  if (isError ? hasEnoughErrors(run) : run.issues.length - run.errors >= issueLimit) return
  run.issues.push(issue)
  if (isError) run.errors++
}

/** Adds an error of form at the current place, or at a member there. */
export const reportError = (
  run: ValidationRun,
  kind: KindName,
  diagnostics: string,
  member?: string,
): void => {
  note(run, error(kind, diagnostics, expressionOf(run, member)))
  if (kind !== 'invariant') run.faults++
}

/** Returns the JSON kind of a value, in words for the caller. */
export const jsonKind = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** Returns the value as shown to the caller, cut at 60 characters. */
export const shownValue = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return `\`${text.length > 60 ? `${text.slice(0, 60)}…` : text}\``
}
