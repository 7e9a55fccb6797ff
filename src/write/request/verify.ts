import type { Issue } from '../../outcome/failure.ts'
import { missingId, onlyASubset, wrongId, wrongType } from '../../outcome/messages.ts'
import type { Body } from '../../request/body.ts'
import { type ValidateOptions, validate } from '../../validate/validate.ts'

/** Returns what is wrong with a resource that is to become one of this type. */
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

/** https://hl7.org/fhir/R4/search.html#summary: a part that was read must not replace the whole. */
const subsetIssues = ({ resource }: Body): Issue[] => {
  const { tag } = (resource.meta ?? {}) as { tag?: unknown }
  return Array.isArray(tag) && tag.some(isSubset) ? [onlyASubset(resource.resourceType)] : []
}

/** Returns what is wrong with a resource that is to stand at `type/id`: what is wrong with itself, and its id. */
export const addressedIssues = (
  body: Body,
  type: string,
  id: string,
  options: ValidateOptions = {},
): Issue[] => [...addressIssues(body, type, id), ...subsetIssues(body), ...bodyIssues(body, type, options)]

/** https://hl7.org/fhir/R4/http.html#create: returns which issues are about what the server says itself, whatever a client says. */
export const stampedBy = (method: string | undefined, type: string): ((issue: Issue) => boolean) => {
  if (method === undefined) return () => false
  const replaced = [...(method === 'POST' ? ['id'] : []), 'meta.versionId', 'meta.lastUpdated']
  return ({ expression }) => replaced.some((name) => expression === `${type}.${name}`)
}
