/** https://hl7.org/fhir/R4/references.html */
import type { Reference } from 'fhir/r4.js'

/** A resource of this server that a reference names, and the version where it names one. */
export interface LocalReference {
  type: string
  id: string
  version?: string
}

const relative = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/

/** Returns the resource of this server that a reference names; undefined for what is contained or on another server. */
export const localReference = (
  reference: Reference | undefined,
  base: string | undefined,
): LocalReference | undefined => {
  const text = reference?.reference ?? ''
  const own = base === undefined ? undefined : `${base.replace(/\/+$/, '')}/`
  const path = own !== undefined && text.startsWith(own) ? text.slice(own.length) : text
  const [, type, id, version] = relative.exec(path) ?? []
  return type && id ? { type, id, ...(version ? { version } : {}) } : undefined
}
