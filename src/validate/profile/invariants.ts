/** https://hl7.org/fhir/R4/conformance-rules.html#constraints — the rules that a profile states in FHIRPath. */

import { isObject, type Json } from '../../fhir/json/object.ts'
import { type Compiled, readFor } from '../../fhir/path/fhirpath.ts'
import { each } from '../../fhir/values.ts'
import { checkBinding } from './binding.ts'
import type { Constraint } from './compile/definition.ts'
import { type ElementItem, resourceItem } from './item.ts'
import { resolvedLocally, targetType } from './resolve.ts'
import { breakProfile, isQuiet, type ProfileRun, profileAt, warn } from './run.ts'

/** Checks the rules stated at an element. */
export const checkConstraints = (
  run: ProfileRun,
  constraints: readonly Constraint[],
  item: ElementItem,
): void => {
  for (const constraint of constraints) {
    const { key, severity, human } = constraint
    const holds = truthOf(run, constraint, item)
    if (holds === true) continue
    if (typeof holds === 'string') warn(run, 'invariant', `\`${key}\` could not be worked out: ${holds}`)
    else if (severity === 'warning') warn(run, 'invariant', `\`${key}\`: ${human}`)
    else breakProfile(run, 'invariant', `\`${key}\`: ${human}`)
  }
}

const compiledByBase = new WeakMap<Constraint, Map<string, Compiled>>()

/**
 * The functions that lead out of the resource look at the run under way; there is never more than a single run at a time.
 */
let currentRun: ProfileRun | undefined

const inRun = <T>(look: (run: ProfileRun) => T): T | undefined => currentRun && look(currentRun)

const codeTypes = (value: unknown): string =>
  isObject(value) ? ('coding' in value || 'text' in value ? 'CodeableConcept' : 'Coding') : 'code'

const functions = {
  resolve: (inputs: readonly unknown[]) =>
    inputs.flatMap((input) => {
      const reference: Json = isObject(input) ? input : { reference: input }
      const target = inRun((run) => resolvedLocally(run, reference.reference))
      const type = inRun((run) => targetType(run, reference))
      return target ?? (type === undefined ? [] : { resourceType: type })
    }),
  memberOf: (inputs: readonly unknown[], valueSet: string) =>
    inputs.map((value) => {
      const item = { value, type: codeTypes(value), content: '', parent: {} }
      return (
        inRun((run) => isQuiet(run, () => checkBinding(run, { strength: 'required', valueSet }, item))) ??
        true
      )
    }),
  conformsTo: (inputs: readonly unknown[], url: string) =>
    inputs.filter(isObject).map((resource) => inRun((run) => conforms(run, resource, url)) ?? true),
  htmlChecks: () => [true],
}

const conforms = (run: ProfileRun, resource: Json, url: string): boolean => {
  const profile = profileAt(run, url)
  return profile ? isQuiet(run, () => run.checks.profile(run, profile, resourceItem(resource))) : true
}

/**
 * Returns the expression with two changes: the engine does not look for the type of a reference's target if only the type
 * is known; and US Core's `$this is DateTime` is read as FHIR's dateTime, since no value of a resource has FHIRPath's own
 * type.
 */
const byName = (expression: string): string =>
  expression
    .replace(/resolve\(\)\s+is\s+(?:FHIR\.)?(\w+)/g, "(resolve().resourceType = '$1')")
    .replace(/\$this is (DateTime|Date|Time|Boolean|String|Integer|Decimal)\b/g, (_, type: string) => {
      return `$this is ${type.charAt(0).toLowerCase()}${type.slice(1)}`
    })

const cast =
  /^\(?\s*\$this(?:\s+as\s+|\.as\(\s*|\.ofType\(\s*)(?:FHIR\.)?(\w+)|^\$this\s+is\s+(\w+)\s+implies\b/

/** A rule that begins with a cast of its value, as `vs-1`, is about values of that type alone. */
const isAbout = ({ expression = '' }: Constraint, { value, type }: ElementItem): boolean => {
  const [, as, is] = cast.exec(expression) ?? []
  const wanted = as ?? is
  return wanted === undefined || (value !== undefined && wanted.toLowerCase() === type.toLowerCase())
}

const expressionFor = (constraint: Constraint, base: string): Compiled => {
  const made = compiledByBase.get(constraint) ?? new Map<string, Compiled>()
  const compiled = made.get(base) ?? readFor(byName(constraint.expression ?? ''), base, functions)
  compiledByBase.set(constraint, made.set(base, compiled))
  return compiled
}

/** Returns whether the expression holds, or the reason why the engine cannot evaluate the expression. */
export const truthOf = (
  run: ProfileRun,
  constraint: Constraint,
  item: ElementItem,
  more: Readonly<Record<string, unknown>> = {},
): boolean | string => {
  if (!isAbout(constraint, item)) return true
  const before = currentRun
  currentRun = run
  try {
    const result = expressionFor(constraint, item.content)(expressionInput(item), {
      resource: run.resource,
      rootResource: run.root,
      ...more,
    })
    return result.length > 0 && each(result)[0] !== false
  } catch (thrown) {
    return thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown)
  } finally {
    currentRun = before
  }
}

const expressionInput = ({ value, companion }: ElementItem): unknown => value ?? companion
