/** https://hl7.org/fhir/R4/http.html#mime-type and #pretty — inside, everything is JSON text; here it is put into the format of the wire. */

import { failure } from '../outcome/failure.ts'
import type { FhirRequest } from '../request/request.ts'
import type { FhirResponse } from './message.ts'
import { checkText, type Format, fhirJson, type Written, writtenIn } from './negotiate.ts'

/** How the answer is to be written. */
export interface Rendering extends Written {
  pretty: boolean
}

const isPretty = (value: string): boolean => {
  if (value === 'true' || value === 'false' || value === '') return value === 'true'
  throw failure('invalid', `\`_pretty\` takes \`true\` or \`false\`, not \`${value}\`.`)
}

/** Returns how a request wants to be answered; fails where that cannot be. */
export const renderingOf = (request: Pick<FhirRequest, 'query' | 'headers'>): Rendering => ({
  ...writtenIn(request),
  pretty: request.query.filter(([name]) => name === '_pretty').some(([, value]) => isPretty(value)),
})

/** As it is kept. */
export const plain: Rendering = { format: 'json', mediaType: fhirJson, pretty: false }

/** Returns how a request that failed is answered: as it wants, or as JSON where it wants what cannot be. */
export const renderingOfFailed = (request: Pick<FhirRequest, 'query' | 'headers'> | undefined): Rendering => {
  try {
    return request ? renderingOf(request) : plain
  } catch {
    return plain
  }
}

/** Returns the body as JSON text, without a byte order mark; fails where it was not UTF-8. */
export const jsonOf = async (request: FhirRequest, format: Format): Promise<string> => {
  checkText(request)
  const text = request.body.replace(/^\ufeff/, '')
  return format === 'json' || text === '' ? text : (await import('../fhir/xml/read.ts')).fromXml(text)
}

const isFhir = ({ headers }: FhirResponse): boolean => headers['Content-Type']?.startsWith(fhirJson) ?? false

const written = async (json: string, { format, pretty }: Rendering): Promise<string> => {
  if (format === 'xml') return (await import('../fhir/xml/write.ts')).toXml(json, pretty)
  return pretty ? (await import('../fhir/json/pretty.ts')).prettyJson(json) : json
}

/** Returns the response in the format that is wanted; what is no resource stays as it is. */
export const rendered = async (response: FhirResponse, rendering: Rendering): Promise<FhirResponse> => {
  const { format, mediaType, pretty } = rendering
  if (response.body === '' || !isFhir(response)) return response
  return {
    ...response,
    headers: { ...response.headers, 'Content-Type': `${mediaType}; charset=utf-8` },
    body: format === 'json' && !pretty ? response.body : await written(response.body, rendering),
  }
}
