/** https://hl7.org/fhir/R4/conformance-rules.html#constraints — the rules that a profile states in FHIRPath. */

import { isObject, type Json } from '../../fhir/json/object.ts'
import { type Compiled, readFor } from '../../fhir/path/fhirpath.ts'
import { each } from '../../fhir/values.ts'
import { checkBinding } from './binding.ts'
import type { Constraint } from './compile/definition.ts'
import { type Item, resourceItem } from './item.ts'
import { resolved, targetType } from './resolve.ts'
import { isQuiet, type ProfileRun, profileAt, refuse, warn } from './run.ts'

/** Checks the rules stated at an element. */
export const checkConstraints = (run: ProfileRun, constraints: readonly Constraint[], item: Item): void => {
  for (const constraint of constraints) {
    const { key, severity, human } = constraint
    const holds = truthOf(run, constraint, item)
    if (holds === true) continue
    if (typeof holds === 'string') warn(run, 'invariant', `\`${key}\` could not be worked out: ${holds}`)
    else if (severity === 'warning') warn(run, 'invariant', `\`${key}\`: ${human}`)
    else refuse(run, 'invariant', `\`${key}\`: ${human}`)
  }
}

const known = new WeakMap<Constraint, Map<string, Compiled>>()

/** The functions that lead out of the resource look at the run that is under way; there is one at a time. */
let current: ProfileRun | undefined

const inRun = <T>(look: (run: ProfileRun) => T): T | undefined => current && look(current)

const codeTypes = (value: unknown): string =>
  isObject(value) ? ('coding' in value || 'text' in value ? 'CodeableConcept' : 'Coding') : 'code'

const functions = {
  resolve: (inputs: readonly unknown[]) =>
    inputs.flatMap((input) => {
      const reference: Json = isObject(input) ? input : { reference: input }
      const target = inRun((run) => resolved(run, reference.reference))
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
 * What a reference leads to may be known by its type alone, which the engine does not look for there; and by `$this is DateTime`
 * US Core means FHIR's dateTime, which no value of a resource would be otherwise.
 */
const byName = (expression: string): string =>
  expression
    .replace(/resolve\(\)\s+is\s+(?:FHIR\.)?(\w+)/g, "(resolve().resourceType = '$1')")
    .replace(/\$this is (DateTime|Date|Time|Boolean|String|Integer|Decimal)\b/g, (_, type: string) => {
      return `$this is ${type.charAt(0).toLowerCase()}${type.slice(1)}`
    })

const cast =
  /^\(?\s*\$this(?:\s+as\s+|\.as\(\s*|\.ofType\(\s*)(?:FHIR\.)?(\w+)|^\$this\s+is\s+(\w+)\s+implies\b/

/** A rule that begins with a cast of its value, as `vs-1`, is about values of that type: it says nothing of others, or of none. */
const isAbout = ({ expression = '' }: Constraint, { value, type }: Item): boolean => {
  const [, as, is] = cast.exec(expression) ?? []
  const wanted = as ?? is
  return wanted === undefined || (value !== undefined && wanted.toLowerCase() === type.toLowerCase())
}

const expressionFor = (constraint: Constraint, base: string): Compiled => {
  const made = known.get(constraint) ?? new Map<string, Compiled>()
  const compiled = made.get(base) ?? readFor(byName(constraint.expression ?? ''), base, functions)
  known.set(constraint, made.set(base, compiled))
  return compiled
}

/** Returns whether the expression holds, or why that cannot be told. */
export const truthOf = (
  run: ProfileRun,
  constraint: Constraint,
  item: Item,
  more: Readonly<Record<string, unknown>> = {},
): boolean | string => {
  if (!isAbout(constraint, item)) return true
  const before = current
  current = run
  try {
    const result = expressionFor(constraint, item.content)(inputOf(item), {
      resource: run.resource,
      rootResource: run.root,
      ...more,
    })
    return result.length > 0 && each(result)[0] !== false
  } catch (thrown) {
    return thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown)
  } finally {
    current = before
  }
}

const inputOf = ({ value, companion }: Item): unknown => value ?? companion
