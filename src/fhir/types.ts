/** https://hl7.org/fhir/R4/resourcelist.html */

import { resourceTypes } from './generated/types.js'

export { resourceTypes }

const knownTypes: ReadonlySet<string> = new Set(resourceTypes)

/** Returns whether R4 has a resource type of that name. */
export const isResourceType = (name: string): boolean => knownTypes.has(name)
