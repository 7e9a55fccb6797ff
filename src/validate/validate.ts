/** Whether a resource is what R4 says it is, https://hl7.org/fhir/R4/validation.html */

import type { Resource } from '../fhir/definitions.ts'
import { isObject } from '../fhir/json/object.ts'
import { isResourceType, resourceTypes } from '../fhir/types.ts'
import { error, type Issue } from '../outcome/failure.ts'
import { checkResource } from './objects.ts'
import { planOf } from './plan.ts'
import { jsonKind, localAt, type Run, shown, type ValidateOptions } from './run.ts'
import { nearest } from './suggest.ts'

export type { ValidateOptions }

/** Returns what is wrong with a parsed resource that should be of the type; nothing where it is valid. */
export const validate = (resource: unknown, type: string, options: ValidateOptions = {}): Issue[] => {
  if (!isObject(resource)) return [error('malformed', `expected a resource, found ${jsonKind(resource)}`)]
  const mismatch = typeIssue(resource.resourceType, type)
  const plan = isResourceType(type) ? planOf(type) : undefined
  if (mismatch || !plan) return mismatch ? [mismatch] : []
  const run: Run = {
    issues: [],
    errors: 0,
    faults: 0,
    path: [type],
    top: resource,
    root: resource as Resource,
    resource,
    local: localAt(1),
    options,
  }
  checkResource(run, resource, plan)
  return run.issues
}

const typeIssue = (found: unknown, type: string): Issue | undefined => {
  if (!isResourceType(type)) return unknownType(type)
  if (found === undefined)
    return error('required', `\`resourceType\` is required; expected \`${type}\``, type)
  if (found === type) return undefined
  if (typeof found === 'string' && !isResourceType(found)) return unknownType(found)
  return error('invalid', `expected the resource type \`${type}\`, found ${shown(found)}`, type)
}

const unknownType = (type: string): Issue => {
  const meant = nearest(type, resourceTypes)
  return error(
    'invalid',
    `\`${type}\` is no resource type of R4${meant ? `; did you mean \`${meant}\`?` : ''}`,
  )
}
