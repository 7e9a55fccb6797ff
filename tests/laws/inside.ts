/** What is inside other resources, as the laws know it: each by itself, with what it is inside of beside it. */

import type { Known } from '../search/hospital.ts'
import type { Json } from './matching.ts'

const homes = new WeakMap<object, Known>()

/** Returns the resource that another is inside of. */
export const homeOf = (resource: object): Known | undefined => homes.get(resource)

/** Returns what is inside a resource. */
export const insideOf = (home: Known): Known[] =>
  ((home.contained ?? []) as Known[]).map((inner) => {
    const meta = { ...(inner.meta as object), lastUpdated: (home.meta as Json).lastUpdated }
    const own = { ...inner, meta }
    homes.set(own, home)
    return own
  })

const plain = ({ resourceType, id }: Known): string => `${resourceType}/${id}`

/** Returns `Type/id`, or `Type/id#id` of what is inside. */
export const placeOf = (resource: Known): string => {
  const home = homeOf(resource)
  return home ? `${plain(home)}#${resource.id}` : plain(resource)
}

/** Returns a link as it is understood where it stands: `#` is the container. */
export const seenFrom = (resource: Known, value: unknown): unknown => {
  const text = typeof value === 'string' ? value : (value as Json | undefined)?.reference
  if (typeof text !== 'string' || !text.startsWith('#')) return value
  const home = homeOf(resource)
  const seen = text === '#' ? plain(home ?? resource) : `${plain(home ?? resource)}${text}`
  return typeof value === 'string' ? seen : { ...(value as Json), reference: seen }
}

/** Returns the type of what a link names that begins with `#`. */
export const typeInside = (resource: Known, link: string): string | undefined => {
  const home = homeOf(resource) ?? resource
  if (link === '#') return home.resourceType
  return ((home.contained ?? []) as Known[]).find(({ id }) => `#${id}` === link)?.resourceType
}
