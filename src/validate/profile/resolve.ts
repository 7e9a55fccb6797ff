/** The targets of references in the same resource or Bundle: https://hl7.org/fhir/R4/fhirpath.html#functions */

import { isObject, type Json } from '../../fhir/json/object.ts'
import { parseLink } from '../../fhir/references.ts'
import { each } from '../../fhir/values.ts'
import type { ProfileRun } from './run.ts'

type ReferenceSite = Pick<ProfileRun, 'root' | 'bundle'>

/**
 * Returns the target of a reference: a contained resource or a resource of the same Bundle; undefined for any other
 * target.
 */
export const resolvedLocally = ({ root, bundle }: ReferenceSite, reference: unknown): Json | undefined => {
  if (typeof reference !== 'string') return undefined
  if (reference === '#') return root
  if (reference.startsWith('#')) return objects(root.contained).find(({ id }) => id === reference.slice(1))
  const entry = objects(bundle?.entry).find((each) => isAt(each, reference))
  return isObject(entry?.resource) ? entry.resource : undefined
}

const objects = (list: unknown): Json[] => each(list as Json[] | undefined).filter(isObject)

const isAt = ({ fullUrl, resource }: Json, reference: string): boolean =>
  fullUrl === reference ||
  (typeof fullUrl === 'string' && fullUrl.endsWith(`/${reference}`)) ||
  (isObject(resource) && `${resource.resourceType}/${resource.id}` === reference)

/** Returns the type of a reference's target, as far as the target, the text or `Reference.type` shows the type. */
export const targetType = (site: ReferenceSite, { reference, type }: Json): string | undefined => {
  const target = resolvedLocally(site, reference)
  if (target) return String(target.resourceType)
  const link = typeof reference === 'string' ? parseLink(reference) : undefined
  const named = link && 'type' in link ? link.type : undefined
  return named ?? (typeof type === 'string' ? type : undefined)
}
