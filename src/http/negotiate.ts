/** https://hl7.org/fhir/R4/http.html#mime-type */

import { bareType } from '../fhir/media-type.ts'
import { mediaType, notAcceptable } from '../outcome/messages.ts'
import type { FhirRequest } from './message.ts'

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
export type Takes = 'resource' | 'form' | 'patch' | 'nothing'

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

/** Returns the format that an `Accept` header likes best, of equal ones the first; undefined where it takes none. */
const accepted = (accept: string): Format | undefined => {
  const liked = accept
    .split(',')
    .map((part) => ({
      format: wildcards.has(bareType(part)) ? 'json' : formatNamed(bareType(part)),
      quality: isOtherVersion(part) ? 0 : quality(part),
    }))
    .filter(
      (part): part is { format: Format; quality: number } => part.format !== undefined && part.quality > 0,
    )
  return liked.toSorted((a, b) => b.quality - a.quality)[0]?.format
}

/** In a URL, the plus of `application/fhir+json` often arrives as a space. */
const asked = (query: FhirRequest['query']): string =>
  query.findLast(([name]) => name === '_format')?.[1].replace(/^(\w+\/fhir) /, '$1+') ?? ''

/** Returns the format of the answer; fails where it is wanted in one that is not served. `_format` wins over `Accept`. */
export const formatOf = ({ query, headers }: Pick<FhirRequest, 'query' | 'headers'>): Format => {
  const wanted = asked(query)
  const { accept = '*/*' } = headers
  const format = wanted === '' ? accepted(accept) : formatNamed(bareType(wanted))
  if (format && !isOtherVersion(wanted)) return format
  throw notAcceptable(wanted || accept, [fhirJson, fhirXml])
}

const patches = [
  'application/json-patch+json',
  'application/xml-patch+xml',
  ...names.json.slice(0, 1),
  ...names.xml.slice(0, 1),
]

const taken: Readonly<Record<Takes, readonly string[]>> = {
  resource: [...names.json, ...names.xml],
  form: [form],
  patch: patches,
  nothing: [],
}

const suggested: Readonly<Record<Takes, readonly string[]>> = {
  resource: [fhirJson, fhirXml],
  form: [form],
  patch: patches,
  nothing: [],
}

/** Returns the format of the body; fails where the route does not take it. Without a type it is JSON. */
export const bodyFormat = (
  { headers, body }: Pick<FhirRequest, 'headers' | 'body'>,
  takes: Takes,
): Format => {
  const type = headers['content-type']
  if (takes === 'nothing' || body === '' || type === undefined) return 'json'
  if (!taken[takes].includes(bareType(type)) || isOtherVersion(type)) throw mediaType(type, suggested[takes])
  return formatNamed(bareType(type)) ?? 'json'
}
