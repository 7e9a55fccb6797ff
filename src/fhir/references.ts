/** The links between resources, https://hl7.org/fhir/R4/references.html */

import type { TypedValue } from './definitions.ts'

/** The target of a link, read from the link's text alone. */
export type Link =
  /** `Patient/1`, `Patient/1/_history/2`, or the same below the server's own base. */
  | { kind: 'local'; type: string; id: string; version?: string }
  /** An absolute address on another server; type and id if the address has a RESTful form. */
  | { kind: 'foreign'; url: string; type?: string; id?: string; version?: string }
  /** `urn:uuid:…`, `urn:oid:…`: another entry of the same Bundle, or nothing we hold. */
  | { kind: 'urn'; url: string }
  /** `#p1`, and `#` for the container. */
  | { kind: 'contained'; id: string }
  /** `Patient?identifier=…`, https://hl7.org/fhir/R4/http.html#trules */
  | { kind: 'conditional'; type: string; query: string }

/** Returns the relative reference to a resource: `Patient/1`. */
export const referenceTo = ({ type, id }: Readonly<{ type: string; id: string }>): string => `${type}/${id}`

/** Returns the resources without repetitions of a type and id, each at its first position and in its last form. */
export const distinctResources = <Key extends Readonly<{ type: string; id: string }>>(
  resources: readonly Key[],
): Key[] => [...new Map(resources.map((resource) => [referenceTo(resource), resource])).values()]

/** Returns the text of a link from a Reference, a canonical address or a uri. */
export const linkText = ({ value }: TypedValue): string | undefined => {
  const text =
    typeof value === 'object' && value !== null ? (value as { reference?: unknown }).reference : value
  return typeof text === 'string' ? text : undefined
}

const restful = /^(?:(.*)\/)?([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/([A-Za-z0-9.-]{1,64}))?$/
const conditionalPattern = /^([A-Z][A-Za-z]+)\?(.+)$/
const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:/

/**
 * Returns the target of a link, seen from a server at `base` and at its further addresses; undefined if the text is no
 * link. Without a base every absolute address is foreign: the index reads links so, and the setting does not change the
 * index.
 */
export const parseLink = (text: string, base?: string): Link | undefined => {
  if (text.startsWith('#')) return { kind: 'contained', id: text.slice(1) }
  if (/^urn:/i.test(text)) return { kind: 'urn', url: text }
  const own = belowBase(text, base)
  return scheme.test(own) ? foreign(own) : relative(own)
}

/** Returns the server's further addresses from the setting `FHIR_BASES`, separated by spaces or commas. */
export const ownBases = (
  env: Readonly<Record<string, string | undefined>> = process.env,
): readonly string[] => env.FHIR_BASES?.split(/[\s,]+/).filter((base) => base !== '') ?? []

const belowBase = (text: string, base: string | undefined): string => {
  if (base === undefined || !scheme.test(text)) return text
  const prefixes = [base, ...ownBases()].map((each) => (each.endsWith('/') ? each : `${each}/`))
  const prefix = prefixes.find((each) => each !== '/' && text.startsWith(each))
  return prefix === undefined ? text : text.slice(prefix.length)
}

const foreign = (url: string): Link => {
  const match = restful.exec(url)
  return match ? { kind: 'foreign', url, ...namedTarget(match) } : { kind: 'foreign', url }
}

const relative = (text: string): Link | undefined => {
  const [, type, query] = conditionalPattern.exec(text) ?? []
  if (type && query) return { kind: 'conditional', type, query }
  const match = restful.exec(text)
  return match && match[1] === undefined ? { kind: 'local', ...namedTarget(match) } : undefined
}

const namedTarget = (match: RegExpExecArray): { type: string; id: string; version?: string } => {
  const [, , type = '', id = '', version] = match
  return version === undefined ? { type, id } : { type, id, version }
}

/** Returns the spelling by which addresses are compared: in a UUID's or an OID's, upper and lower case are the same. */
export const sameSpelling = (url: string): string => (/^urn:(uuid|oid):/i.test(url) ? url.toLowerCase() : url)

/** A canonical address in its parts, https://hl7.org/fhir/R4/references.html#canonical */
export interface Canonical {
  url: string
  version?: string
  fragment?: string
}

/** Returns the parts of `url|version#fragment`. */
export const parseCanonical = (text: string): Canonical => {
  const [whole = '', fragment] = split(text, '#')
  const [url = '', version] = split(whole, '|')
  return { url, ...(version !== undefined && { version }), ...(fragment !== undefined && { fragment }) }
}

const split = (text: string, separator: string): [string, string?] => {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
