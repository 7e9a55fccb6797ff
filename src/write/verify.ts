import { objections } from '../auth/authorise.ts'
import type { Action } from '../auth/rules/groups.ts'
import type { Issue } from '../outcome/failure.ts'
import { badId, missingId, wrongId, wrongType } from '../outcome/messages.ts'
import { failOn, within } from '../outcome/outcome.ts'
import { type ValidateOptions, validate } from '../validate/validate.ts'
import type { Body } from './body.ts'
import type { Context } from './context.ts'

const idSyntax = /^[A-Za-z0-9.-]{1,64}$/

/** Returns whether the text can be a resource's id, https://hl7.org/fhir/R4/datatypes.html#id */
export const isId = (text: string): boolean => idSyntax.test(text)

/** Returns what is wrong with an id in a URL. */
export const idIssues = (id: string): Issue[] => (isId(id) ? [] : [badId(id)])

/** Returns what is wrong with a resource that is to become one of this type. */
export const bodyIssues = ({ resource }: Body, type: string, options: ValidateOptions = {}): Issue[] =>
  resource.resourceType === type
    ? validate(resource, type, options)
    : [wrongType(resource.resourceType, type)]

const addressIssues = (
  { resource: { resourceType, id: actual } }: Body,
  type: string,
  id: string,
): Issue[] => {
  if (resourceType !== type || actual === id) return []
  return [actual === undefined ? missingId(type, id) : wrongId(type, actual, id)]
}

/** Returns what is wrong with a resource that is to stand at `type/id`: what is wrong with itself, and its id. */
export const addressedIssues = (
  body: Body,
  type: string,
  id: string,
  options: ValidateOptions = {},
): Issue[] => [...addressIssues(body, type, id), ...bodyIssues(body, type, options)]

/** Returns the issues as seen from where the resource stands: itself, or `Bundle.entry[3].resource`. */
export const placed = (issues: readonly Issue[], place: string): readonly Issue[] =>
  place === '' ? issues : issues.map((issue) => within(issue, place))

/** Returns what forbids the action to the principal of the request. */
export const forbidding = (context: Context, action: Action, type: string): Issue[] =>
  objections(context.principal, action, type)

/** Fails with all issues where one of them is an error. */
export const verified = <T>(value: T, issues: readonly Issue[]): T => {
  failOn(issues)
  return value
}
