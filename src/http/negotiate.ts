/** https://hl7.org/fhir/R4/http.html#mime-type */

import { mediaType, notAcceptable } from '../outcome/messages.ts'
import type { FhirRequest } from './message.ts'

export const fhirJson = 'application/fhir+json'

/** Every name under which JSON goes; the first is the one we use. */
const jsonNames = [fhirJson, 'application/json', 'application/json+fhir', 'text/json', 'json']
const form = 'application/x-www-form-urlencoded'

/** What a route takes as its body. */
export type Takes = 'resource' | 'form' | 'patch' | 'nothing'

const bare = (value: string): string => value.split(';')[0]?.trim().toLowerCase() ?? ''

const wildcards = new Set(['*/*', 'application/*', 'text/html', ''])

const refused = (value: string): boolean => /;\s*q=0(?:\.0+)?\s*(?:;|$)/.test(value)

const acceptable = (accept: string): boolean =>
  accept
    .split(',')
    .some((part) => !refused(part) && (wildcards.has(bare(part)) || jsonNames.includes(bare(part))))

/** In a URL, the plus of `application/fhir+json` often arrives as a space. */
const format = (query: FhirRequest['query']): string | undefined =>
  query.findLast(([name]) => name === '_format')?.[1].replace(' ', '+')

/** Fails where the answer is wanted in a format that is not served. `_format` wins over `Accept`. */
export const checkAccept = ({ query, headers }: Pick<FhirRequest, 'query' | 'headers'>): void => {
  const wanted = format(query)
  if (wanted !== undefined && wanted !== '' && !jsonNames.includes(bare(wanted)))
    throw notAcceptable(wanted, [fhirJson])
  if (wanted === undefined && !acceptable(headers.accept ?? '*/*'))
    throw notAcceptable(headers.accept ?? '', [fhirJson])
}

const taken: Readonly<Record<Takes, readonly string[]>> = {
  resource: jsonNames,
  form: [form],
  patch: ['application/json-patch+json'],
  nothing: [],
}

/** Fails where the body comes in a format that the route does not take; without a body anything goes. */
export const checkContentType = (
  { headers, body }: Pick<FhirRequest, 'headers' | 'body'>,
  takes: Takes,
): void => {
  const type = headers['content-type']
  if (takes === 'nothing' || body === '' || type === undefined) return
  if (!taken[takes].includes(bare(type))) throw mediaType(bare(type), [taken[takes][0] ?? ''])
}
