import type { Issue } from '../../outcome/failure.ts'
import { missingId, onlyASubset, wrongId, wrongType } from '../../outcome/messages.ts'
import type { Body } from '../../request/body.ts'
import { type ValidateOptions, validate } from '../../validate/validate.ts'

/** Returns the issues of a resource that is to be stored as this type. */
export const bodyIssues = ({ resource, text }: Body, type: string, options: ValidateOptions = {}): Issue[] =>
  resource.resourceType === type
    ? validate(resource, type, { ...options, text })
    : [wrongType(resource.resourceType, type)]

const addressIssues = (
  { resource: { resourceType, id: actual } }: Body,
  type: string,
  id: string,
): Issue[] => {
  if (resourceType !== type || actual === id) return []
  return [actual === undefined ? missingId(type, id) : wrongId(type, actual, id)]
}

const isSubset = (tag: unknown): boolean =>
  typeof tag === 'object' && tag !== null && 'code' in tag && tag.code === 'SUBSETTED'

/**
 * Returns an issue for a summary, which must not replace the whole resource: https://hl7.org/fhir/R4/search.html#summary
 */
const subsetIssues = ({ resource }: Body): Issue[] => {
  const { tag } = (resource.meta ?? {}) as { tag?: unknown }
  return Array.isArray(tag) && tag.some(isSubset) ? [onlyASubset(resource.resourceType)] : []
}

/** Returns the issues of a resource that is to be stored as `type/id`, issues of its id included. */
export const addressedIssues = (
  body: Body,
  type: string,
  id: string,
  options: ValidateOptions = {},
): Issue[] => [...addressIssues(body, type, id), ...subsetIssues(body), ...bodyIssues(body, type, options)]

/**
 * Returns whether an issue is about an element that the server sets, so that the client's value is irrelevant:
 * https://hl7.org/fhir/R4/http.html#create
 */
export const stampedIssueTest = (method: string | undefined, type: string): ((issue: Issue) => boolean) => {
  if (method === undefined) return () => false
  const replaced = [...(method === 'POST' ? ['id'] : []), 'meta.versionId', 'meta.lastUpdated']
  return ({ expression }) => replaced.some((name) => expression === `${type}.${name}`)
}
