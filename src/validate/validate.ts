/** Validation of a resource by R4, https://hl7.org/fhir/R4/validation.html */

import type { Resource } from '../fhir/definitions.ts'
import { isObject } from '../fhir/json/object.ts'
import { isResourceType, resourceTypes } from '../fhir/types.ts'
import { error, type Issue } from '../outcome/failure.ts'
import { checkResource } from './objects.ts'
import { objectPlanOf } from './plan.ts'
import { jsonKind, localAt, shownValue, type ValidateOptions, type ValidationRun } from './run.ts'
import { nearest } from './suggest.ts'

export type { ValidateOptions }

/** Returns the issues of a parsed resource that should be of the type; an empty list for a valid resource. */
export const validate = (resource: unknown, type: string, options: ValidateOptions = {}): Issue[] => {
  if (!isObject(resource)) return [error('malformed', `expected a resource, found ${jsonKind(resource)}`)]
  const mismatch = typeIssue(resource.resourceType, type)
  const plan = isResourceType(type) ? objectPlanOf(type) : undefined
  if (mismatch || !plan) return mismatch ? [mismatch] : []
  const run: ValidationRun = {
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
  if (!isResourceType(type)) return unknownResourceType(type)
  if (found === undefined)
    return error('required', `\`resourceType\` is required; expected \`${type}\``, type)
  if (found === type) return undefined
  if (typeof found === 'string' && !isResourceType(found)) return unknownResourceType(found)
  return error('invalid', `expected the resource type \`${type}\`, found ${shownValue(found)}`, type)
}

const unknownResourceType = (type: string): Issue => {
  const meant = nearest(type, resourceTypes)
  return error(
    'invalid',
    `\`${type}\` is no resource type of R4${meant ? `; did you mean \`${meant}\`?` : ''}`,
  )
}
