/** The HTTP response for an answer: https://hl7.org/fhir/R4/http.html */

import type { Issue } from '../outcome/failure.ts'
import { outcomeText } from '../outcome/outcome.ts'
import type { Answer, Prefer } from '../request/call.ts'
import { etagOf } from '../request/etag.ts'
import type { Version } from '../store/port.ts'
import type { FhirResponse } from './message.ts'
import { fhirJson } from './negotiate.ts'

type HeaderFields = Record<string, string>

/** https://fetch.spec.whatwg.org/#http-access-control-expose-headers */
export const cors: Readonly<HeaderFields> = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers':
    'ETag, Location, Content-Location, Last-Modified, Retry-After, X-Request-Id, X-Correlation-Id, X-Security-Context, X-Progress',
}

/**
 * Without these headers a browser would estimate the lifetime of an answer; with them a browser may keep an answer and
 * must revalidate before each use.
 */
export const caching: Readonly<HeaderFields> = {
  'Cache-Control': 'private, no-cache',
  Vary: 'Accept, Accept-Encoding',
}

/** The headers that permit a browser's request after OPTIONS. */
export const preflight: Readonly<HeaderFields> = {
  ...cors,
  'Access-Control-Allow-Headers':
    'Authorization, Content-Type, Content-Encoding, Accept, Prefer, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-None-Exist, Idempotency-Key, X-Provenance, X-Security-Context, X-Request-Id, X-Correlation-Id',
  'Access-Control-Max-Age': '86400',
}

const versionUrl = ({ type, id, v }: Version, base: string): string => `${base}/${type}/${id}/_history/${v}`

const versionHeaders = (version: Version): HeaderFields => ({
  ETag: etagOf(version.v),
  'Last-Modified': new Date(version.t).toUTCString(),
})

/**
 * Returns the headers with the version's address: `Location` after a write, `Content-Location` if the body shows the
 * version.
 */
const locationHeaders = (
  { status, version, written }: Answer,
  base: string,
  shown: boolean,
): HeaderFields => {
  if (!version || version.deleted) return {}
  const url = versionUrl(version, base)
  return {
    ...(written && status < 300 ? { Location: url } : {}),
    ...(shown ? { 'Content-Location': url } : {}),
  }
}

const writtenBody = (version: Version, prefer: Prefer, warnings: readonly Issue[] = []): string => {
  if (prefer.returns === 'minimal') return ''
  return prefer.returns === 'OperationOutcome' ? outcomeText(warnings) : version.text
}

const answerBody = ({ issues, text, version, written, status, warnings }: Answer, prefer: Prefer): string => {
  if (issues) return outcomeText(issues)
  if (text !== undefined) return text
  if (!version || version.deleted || status === 304) return ''
  return written ? writtenBody(version, prefer, warnings) : version.text
}

/** https://www.rfc-editor.org/rfc/rfc9110#field.retry-after — in seconds; a temporary failure either ends soon or lasts. */
const retryAfter = (status: number): HeaderFields =>
  status === 429 || status === 503 ? { 'Retry-After': '1' } : {}

/** Returns the HTTP response for an answer. */
export const responseOf = (answer: Answer, prefer: Prefer, base: string): FhirResponse => {
  const { status, version } = answer
  const body = answerBody(answer, prefer)
  return {
    status,
    headers: {
      ...(body === '' ? {} : { 'Content-Type': `${answer.mediaType ?? fhirJson}; charset=utf-8` }),
      ...(version ? versionHeaders(version) : {}),
      ...retryAfter(status),
      ...answer.headers,
      ...locationHeaders(answer, base, status === 304 || (body !== '' && body === version?.text)),
    },
    body,
  }
}
