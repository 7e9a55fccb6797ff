/** https://hl7.org/fhir/R4/http.html#mime-type */

import { bareType } from '../fhir/media-type.ts'
import { mediaType, notAcceptable, notUtf8, otherCharset } from '../outcome/messages.ts'
import type { FhirRequest } from '../request/request.ts'

export const fhirJson = 'application/fhir+json'
export const fhirXml = 'application/fhir+xml'

/** The formats of resources. */
export type Format = 'json' | 'xml'

/** All names of a format; the first is the server's own. */
const formatNames: Readonly<Record<Format, readonly string[]>> = {
  json: [fhirJson, 'application/json', 'application/json+fhir', 'text/json', 'json'],
  xml: [fhirXml, 'application/xml', 'application/xml+fhir', 'text/xml', 'xml'],
}

const formType = 'application/x-www-form-urlencoded'

/** The bodies that a route accepts. */
export type Takes = 'resource' | 'parameters' | 'form' | 'patch' | 'nothing'

/** Names for which the answer is JSON: clients that accept anything, and browsers, which display JSON. */
const wildcards = new Set(['*/*', 'application/*', 'text/html', ''])

const formatNamed = (name: string): Format | undefined =>
  (['json', 'xml'] as const).find((format) => formatNames[format].includes(name))

/** https://hl7.org/fhir/R4/http.html#version-parameter */
const isOtherVersion = (value: string): boolean => {
  const version = /;\s*fhirVersion\s*=\s*"?([\w.]+)/i.exec(value)?.[1]
  return version !== undefined && version !== '4.0' && version !== '4.0.1'
}

const quality = (part: string): number => Number(/;\s*q\s*=\s*([\d.]+)/i.exec(part)?.[1] ?? 1)

/** Returns the name that an `Accept` header prefers, the first among equals; undefined if no name is served. */
const accepted = (accept: string): string | undefined => {
  const liked = accept
    .split(',')
    .map((part) => ({ name: bareType(part), quality: isOtherVersion(part) ? 0 : quality(part) }))
    .filter((part) => (wildcards.has(part.name) || formatNamed(part.name)) && part.quality > 0)
  return liked.toSorted((a, b) => b.quality - a.quality)[0]?.name
}

/** Returns the value of `_format`. In a URL, the plus of `application/fhir+json` often arrives as a space. */
const formatParameter = (query: FhirRequest['query']): string =>
  query.findLast(([name]) => name === '_format')?.[1].replace(/^(\w+\/\w+) (?=\w)/, '$1+') ?? ''

/** The format of an answer, with its media type. */
export interface AnswerFormat {
  format: Format
  mediaType: string
}

/** Generic media types: a client that asks for a generic type is answered with that type. */
const generic = /^(application|text)\/(json|xml)$/

/** Returns the format of the answer; `_format` takes precedence over `Accept`. Fails for a format that is not served. */
export const answerFormat = ({ query, headers }: Pick<FhirRequest, 'query' | 'headers'>): AnswerFormat => {
  const wanted = formatParameter(query)
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
  ...formatNames.json.slice(0, 1),
  ...formatNames.xml.slice(0, 1),
]

const taken: Readonly<Record<Takes, readonly string[]>> = {
  resource: [...formatNames.json, ...formatNames.xml],
  parameters: [...formatNames.json, ...formatNames.xml, formType],
  form: [formType],
  patch: patches,
  nothing: [],
}

const suggested: Readonly<Record<Takes, readonly string[]>> = {
  resource: [fhirJson, fhirXml],
  parameters: [fhirJson, fhirXml, formType],
  form: [formType],
  patch: patches,
  nothing: [],
}

/**
 * Returns whether a media type has a charset apart from UTF-8, the only charset of
 * https://hl7.org/fhir/R4/http.html#mime-type
 */
const isOtherCharset = (type: string): boolean => {
  const charset = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(type)?.[1]
  return charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)
}

/**
 * Returns the format of the body, JSON for a body without a type. Fails for a type that the route does not accept, and
 * for a charset apart from UTF-8.
 */
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

/** Returns the request with a form's fields after the URL's parameters, if its route accepts a form. */
export const withForm = (request: FhirRequest, takes: Takes): FhirRequest => {
  const isForm = bareType(request.headers['content-type'] ?? '') === formType
  if (!isForm || (takes !== 'form' && takes !== 'parameters')) return request
  checkText(request)
  return { ...request, query: [...request.query, ...new URLSearchParams(request.body)], body: '' }
}

/**
 * The character that a gateway puts in place of bytes outside of UTF-8. Such bytes are lost, so the body must not be
 * stored.
 */
const replacementCharacter = '\ufffd'

/**
 * Returns whether the body was not UTF-8. A replacement character may also have been sent as such: then the body has as
 * many bytes as were sent, whereas each replacement by the gateway adds 1 or 2 bytes.
 */
const isSpoiled = ({ body, bytes, headers }: Pick<FhirRequest, 'body' | 'bytes' | 'headers'>): boolean => {
  const replaced = body.split(replacementCharacter).length - 1
  if (replaced === 0) return false
  const added = Buffer.byteLength(body) - (bytes?.length ?? Number(headers['content-length']))
  return added > 0 && added <= 2 * replaced
}

/** Fails unless the body was UTF-8. */
export const checkText = (request: Parameters<typeof isSpoiled>[0]): void => {
  if (isSpoiled(request)) throw notUtf8()
}
