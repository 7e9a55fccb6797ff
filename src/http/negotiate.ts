/** https://hl7.org/fhir/R4/http.html#mime-type */

import { bareType } from '../fhir/media-type.ts'
import { mediaType, notAcceptable, notUtf8, otherCharset } from '../outcome/messages.ts'
import type { FhirRequest } from '../request/request.ts'

export const fhirJson = 'application/fhir+json'
export const fhirXml = 'application/fhir+xml'

/** What resources are written in. */
export type Format = 'json' | 'xml'

/** Every name under which a format goes; the first is the one we use. */
const names: Readonly<Record<Format, readonly string[]>> = {
  json: [fhirJson, 'application/json', 'application/json+fhir', 'text/json', 'json'],
  xml: [fhirXml, 'application/xml', 'application/xml+fhir', 'text/xml', 'xml'],
}

const form = 'application/x-www-form-urlencoded'

/** What a route takes as its body. */
export type Takes = 'resource' | 'parameters' | 'form' | 'patch' | 'nothing'

/** Those who would take anything get JSON, and so do browsers, which show it. */
const wildcards = new Set(['*/*', 'application/*', 'text/html', ''])

const formatNamed = (name: string): Format | undefined =>
  (['json', 'xml'] as const).find((format) => names[format].includes(name))

/** https://hl7.org/fhir/R4/http.html#version-parameter */
const isOtherVersion = (value: string): boolean => {
  const version = /;\s*fhirVersion\s*=\s*"?([\w.]+)/i.exec(value)?.[1]
  return version !== undefined && version !== '4.0' && version !== '4.0.1'
}

const quality = (part: string): number => Number(/;\s*q\s*=\s*([\d.]+)/i.exec(part)?.[1] ?? 1)

/** Returns the name that an `Accept` header likes best, of equal ones the first; undefined where it takes none. */
const accepted = (accept: string): string | undefined => {
  const liked = accept
    .split(',')
    .map((part) => ({ name: bareType(part), quality: isOtherVersion(part) ? 0 : quality(part) }))
    .filter((part) => (wildcards.has(part.name) || formatNamed(part.name)) && part.quality > 0)
  return liked.toSorted((a, b) => b.quality - a.quality)[0]?.name
}

/** In a URL, the plus of `application/fhir+json` often arrives as a space. */
const asked = (query: FhirRequest['query']): string =>
  query.findLast(([name]) => name === '_format')?.[1].replace(/^(\w+\/\w+) (?=\w)/, '$1+') ?? ''

/** What an answer is written in, and the name under which that goes. */
export interface Written {
  format: Format
  mediaType: string
}

/** Who asks by a generic name is answered under it. */
const generic = /^(application|text)\/(json|xml)$/

/** Returns what the answer is to be written in; fails where it is wanted in what is not served. `_format` wins over `Accept`. */
export const writtenIn = ({ query, headers }: Pick<FhirRequest, 'query' | 'headers'>): Written => {
  const wanted = asked(query)
  const { accept = '*/*' } = headers
  const name = wanted === '' ? accepted(accept) : bareType(wanted)
  const format =
    name === undefined ? undefined : wildcards.has(name) && wanted === '' ? 'json' : formatNamed(name)
  if (name === undefined || format === undefined || isOtherVersion(wanted))
    throw notAcceptable(wanted || accept, [fhirJson, fhirXml])
  return { format, mediaType: generic.test(name) ? name : format === 'json' ? fhirJson : fhirXml }
}

const patches = [
  'application/json-patch+json',
  'application/xml-patch+xml',
  ...names.json.slice(0, 1),
  ...names.xml.slice(0, 1),
]

const taken: Readonly<Record<Takes, readonly string[]>> = {
  resource: [...names.json, ...names.xml],
  parameters: [...names.json, ...names.xml, form],
  form: [form],
  patch: patches,
  nothing: [],
}

const suggested: Readonly<Record<Takes, readonly string[]>> = {
  resource: [fhirJson, fhirXml],
  parameters: [fhirJson, fhirXml, form],
  form: [form],
  patch: patches,
  nothing: [],
}

/** https://hl7.org/fhir/R4/http.html#mime-type: UTF-8 and nothing else. */
const isOtherCharset = (type: string): boolean => {
  const charset = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(type)?.[1]
  return charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)
}

/** Returns the format of the body; fails where the route does not take it. Without a type it is JSON. */
export const bodyFormat = (
  { headers, body }: Pick<FhirRequest, 'headers' | 'body'>,
  takes: Takes,
): Format => {
  const type = headers['content-type']
  if (takes === 'nothing' || body === '' || type === undefined) return 'json'
  if (!taken[takes].includes(bareType(type)) || isOtherVersion(type)) throw mediaType(type, suggested[takes])
  if (isOtherCharset(type)) throw otherCharset(type)
  return formatNamed(bareType(type)) ?? 'json'
}

/** Returns the request with the fields of a form, where its route takes one, as parameters after those of the URL. */
export const withForm = (request: FhirRequest, takes: Takes): FhirRequest => {
  const isForm = bareType(request.headers['content-type'] ?? '') === form
  if (!isForm || (takes !== 'form' && takes !== 'parameters')) return request
  checkText(request)
  return { ...request, query: [...request.query, ...new URLSearchParams(request.body)], body: '' }
}

/** What a gateway makes of each byte or two that are no UTF-8: stored like that, they would be lost for good. */
const replacement = '\ufffd'

/**
 * Returns whether the body was not UTF-8. The character itself may be meant: then the body has as many bytes as were sent,
 * where each one that took another's place adds one or two.
 */
const isSpoiled = ({ body, bytes, headers }: Pick<FhirRequest, 'body' | 'bytes' | 'headers'>): boolean => {
  const replaced = body.split(replacement).length - 1
  if (replaced === 0) return false
  const added = Buffer.byteLength(body) - (bytes?.length ?? Number(headers['content-length']))
  return added > 0 && added <= 2 * replaced
}

/** Fails where the body was not UTF-8. */
export const checkText = (request: Parameters<typeof isSpoiled>[0]): void => {
  if (isSpoiled(request)) throw notUtf8()
}
