/** The content of a Binary, written and read without its FHIR wrapper: https://hl7.org/fhir/R4/binary.html#rest */

import { subsetOf } from '../fhir/json/subset.ts'
import { bareType } from '../fhir/media-type.ts'
import { failure } from '../outcome/failure.ts'
import { emptyBody } from '../outcome/messages.ts'
import { resultParameters } from '../request/query-text.ts'
import type { FhirRequest } from '../request/request.ts'
import type { FhirResponse } from './message.ts'
import type { Route } from './routes.ts'

const fhirTypes = /^application\/(fhir\+(json|xml)|(json|xml)\+fhir)$/
const mayHoldFhir = /^(application|text)\/(fhir\+)?(json|xml)(\+fhir)?$/

/** Returns whether a read wants the content: unless `Accept` or a result parameter asks for FHIR. */
export const readsContent = ({ query, headers }: Pick<FhirRequest, 'query' | 'headers'>): boolean =>
  !query.some(([name]) => resultParameters.has(name)) &&
  !(headers.accept ?? '').split(',').some((part) => fhirTypes.test(bareType(part)))

/**
 * A piece of text before the root of a document. Pieces are matched singly: a pattern for all of them would backtrack
 * through every division.
 */
const prolog = /\s+|<\?[\s\S]*?\?>|<!--[\s\S]*?-->/y
const root = /<(?:[\w.-]+:)?Binary[\s/>]/y

const isBinaryXml = (text: string): boolean => {
  prolog.lastIndex = 0
  let at = 0
  while (prolog.test(text)) at = prolog.lastIndex
  root.lastIndex = at
  return root.test(text)
}

const isBinary = (text: string): boolean =>
  isBinaryXml(text) ||
  /"resourceType"\s*:\s*"Binary"/.test(text.slice(0, 1000)) ||
  /"resourceType"\s*:\s*"Binary"/.test(text.slice(-1000))

/** Returns whether a write sends the content itself: anything but a Binary in a format of FHIR. */
export const writesContent = ({ headers, body }: FhirRequest): boolean =>
  !(mayHoldFhir.test(bareType(headers['content-type'] ?? 'application/fhir+json')) && isBinary(body))

const bytesOf = ({ body, bytes, headers }: FhirRequest): Uint8Array => {
  if (bytes) return bytes
  if (body.includes('\ufffd'))
    throw failure(
      'media-type',
      `\`${headers['content-type']}\` is passed on as UTF-8 text, which this content is not. Send it as \`application/octet-stream\`, or as \`data\` of a Binary.`,
    )
  return Buffer.from(body)
}

/** Returns the request with its content wrapped as a Binary; fails for empty content. */
export const wrappedBinary = (request: FhirRequest, id: string): FhirRequest => {
  const content = bytesOf(request)
  if (content.length === 0) throw emptyBody('the content of the Binary')
  const { 'content-type': contentType = 'application/octet-stream', 'x-security-context': context } =
    request.headers
  const head = JSON.stringify({
    resourceType: 'Binary',
    ...(id !== '' && { id }),
    contentType: contentType.trim(),
    ...(context && { securityContext: { reference: context.trim() } }),
  })
  const data = Buffer.from(content).toString('base64')
  return {
    ...request,
    headers: { ...request.headers, 'content-type': 'application/fhir+json' },
    body: `${head.slice(0, -1)},"data":"${data}"}`,
  }
}

interface Binary {
  id: string
  contentType?: string
  data?: string
  securityContext?: { reference?: string }
}

/** Returns the content type, or the type of unknown content in place of a text that could break out of its header. */
const safeType = (type = ''): string =>
  /^[\w.+-]+\/[\w.+-]+(;[ -~]*)?$/.test(type) ? type : 'application/octet-stream'

/** Returns whether a browser may display content of this type; everything else is offered for download. */
const isShown = (type: string): boolean =>
  /^(application\/pdf|image\/(png|jpeg|gif|webp|tiff)|text\/plain)$/.test(bareType(type))

const contextHeader = ({ securityContext }: Binary): Record<string, string> => {
  const reference = securityContext?.reference ?? ''
  return /^[!-~]+$/.test(reference) ? { 'X-Security-Context': reference } : {}
}

/** Returns the content of a response's Binary, with headers that keep browsers from executing the content. */
export const unwrappedBinary = (response: FhirResponse): FhirResponse => {
  const binary: Binary = JSON.parse(response.body)
  const type = safeType(binary.contentType)
  return {
    status: response.status,
    headers: {
      ...response.headers,
      'Content-Type': type,
      'Content-Disposition': `${isShown(type) ? 'inline' : 'attachment'}; filename="${binary.id}"`,
      'Content-Security-Policy': "sandbox; default-src 'none'",
      'X-Content-Type-Options': 'nosniff',
      ...contextHeader(binary),
    },
    body: '',
    bytes: Buffer.from(binary.data ?? '', 'base64'),
  }
}

/** A request for a Binary's content, as its interaction takes the request. */
export interface ContentExchange {
  request: FhirRequest
  /** Turns the interaction's answer into the wanted response. */
  leave: (response: FhirResponse) => FhirResponse
}

/** Returns whether `Accept` names JSON or XML: a client that writes content reads the resource's id from that answer. */
const readsResource = ({ headers }: FhirRequest): boolean =>
  (headers.accept ?? '').split(',').some((part) => /^(application|text)\/(json|xml)$/.test(bareType(part)))

const asksForMore = ({ headers }: FhirRequest): boolean => /\breturn\s*=/i.test(headers.prefer ?? '')

const nothingUnasked = (request: FhirRequest): FhirRequest => ({
  ...request,
  headers: {
    ...request.headers,
    prefer: [request.headers.prefer, 'return=minimal'].filter(Boolean).join(', '),
  },
})

/** Returns the answer without the data: the client has just sent the content. */
const withoutData = (response: FhirResponse): FhirResponse =>
  response.status >= 300 || response.body === ''
    ? response
    : {
        ...response,
        body: subsetOf(response.body, 'Binary', { elements: ['contentType', 'securityContext'] }),
      }

const writtenContent = (request: FhirRequest): ContentExchange => {
  if (asksForMore(request)) return { request, leave: (response) => response }
  return readsContent(request) && !readsResource(request)
    ? { request: nothingUnasked(request), leave: (response) => response }
    : { request, leave: withoutData }
}

/** Returns the treatment of a request for content; undefined for a request about the resource. */
export const contentExchangeOf = (
  request: FhirRequest,
  route: Route,
  id: string,
): ContentExchange | undefined => {
  if (route.operation) return undefined
  if (route.takes === 'resource' && writesContent(request)) return writtenContent(wrappedBinary(request, id))
  if (route.action !== 'read' || !readsContent(request)) return undefined
  return { request, leave: (response) => (response.status === 200 ? unwrappedBinary(response) : response) }
}
