/**
 * The formats of requests and responses; inside the server everything is JSON text:
 * https://hl7.org/fhir/R4/http.html#mime-type and #pretty
 */

import { failure } from '../outcome/failure.ts'
import type { FhirRequest } from '../request/request.ts'
import type { FhirResponse } from './message.ts'
import { type AnswerFormat, answerFormat, checkText, type Format, fhirJson } from './negotiate.ts'

/** The format of an answer, and its indentation. */
export interface Rendering extends AnswerFormat {
  pretty: boolean
}

const isPretty = (value: string): boolean => {
  if (value === 'true' || value === 'false' || value === '') return value === 'true'
  throw failure('invalid', `\`_pretty\` takes \`true\` or \`false\`, not \`${value}\`.`)
}

/** Returns the rendering that a request asks for; fails for a format or value that is not served. */
export const renderingOf = (request: Pick<FhirRequest, 'query' | 'headers'>): Rendering => ({
  ...answerFormat(request),
  pretty: request.query.filter(([name]) => name === '_pretty').some(([, value]) => isPretty(value)),
})

/** JSON as it is stored. */
export const plainJson: Rendering = { format: 'json', mediaType: fhirJson, pretty: false }

/** Returns the rendering of a failed request: as asked for, or plain JSON if that rendering is not served. */
export const renderingOfFailed = (request: Pick<FhirRequest, 'query' | 'headers'> | undefined): Rendering => {
  try {
    return request ? renderingOf(request) : plainJson
  } catch {
    return plainJson
  }
}

/** Returns the body as JSON text, without a byte order mark; fails unless the body was UTF-8. */
export const jsonOf = async (request: FhirRequest, format: Format): Promise<string> => {
  checkText(request)
  const text = request.body.replace(/^\ufeff/, '')
  return format === 'json' || text === '' ? text : (await import('../fhir/xml/read.ts')).fromXml(text)
}

const isFhir = ({ headers }: FhirResponse): boolean => headers['Content-Type']?.startsWith(fhirJson) ?? false

const serialised = async (json: string, { format, pretty }: Rendering): Promise<string> => {
  if (format === 'xml') return (await import('../fhir/xml/write.ts')).toXml(json, pretty)
  return pretty ? (await import('../fhir/json/pretty.ts')).prettyJson(json) : json
}

/** Returns the response in the wanted format; a response without a resource is unchanged. */
export const rendered = async (response: FhirResponse, rendering: Rendering): Promise<FhirResponse> => {
  const { format, mediaType, pretty } = rendering
  if (response.body === '' || !isFhir(response)) return response
  return {
    ...response,
    headers: { ...response.headers, 'Content-Type': `${mediaType}; charset=utf-8` },
    body: format === 'json' && !pretty ? response.body : await serialised(response.body, rendering),
  }
}
