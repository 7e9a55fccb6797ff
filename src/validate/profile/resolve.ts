/** What a reference leads to, as far as it is at hand: https://hl7.org/fhir/R4/fhirpath.html#functions */

import { isObject, type Json } from '../../fhir/json/object.ts'
import { parseLink } from '../../fhir/references.ts'
import { each } from '../../fhir/values.ts'
import type { ProfileRun } from './run.ts'

type Site = Pick<ProfileRun, 'root' | 'bundle'>

/** Returns the contained resource, or the one in the same Bundle, that a reference leads to. */
export const resolved = ({ root, bundle }: Site, reference: unknown): Json | undefined => {
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

/** Returns the type of the resource that a reference leads to, as far as it says. */
export const targetType = (site: Site, { reference, type }: Json): string | undefined => {
  const target = resolved(site, reference)
  if (target) return String(target.resourceType)
  const link = typeof reference === 'string' ? parseLink(reference) : undefined
  const named = link && 'type' in link ? link.type : undefined
  return named ?? (typeof type === 'string' ? type : undefined)
}
