/** https://hl7.org/fhir/R4/http.html — how an answer is dressed as an HTTP response. */

import type { Issue } from '../outcome/failure.ts'
import { outcomeText } from '../outcome/outcome.ts'
import type { Answer, Prefer } from '../request/call.ts'
import { etagOf } from '../request/etag.ts'
import type { Version } from '../store/port.ts'
import type { FhirResponse } from './message.ts'
import { fhirJson } from './negotiate.ts'

type Headers = Record<string, string>

/** https://fetch.spec.whatwg.org/#http-access-control-expose-headers */
export const cors: Readonly<Headers> = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers':
    'ETag, Location, Content-Location, Last-Modified, Retry-After, X-Request-Id, X-Correlation-Id, X-Security-Context, X-Progress',
}

/** Without a word, a browser would guess for how long an answer stays true: it may keep it, and must ask each time. */
export const caching: Readonly<Headers> = {
  'Cache-Control': 'private, no-cache',
  Vary: 'Accept, Accept-Encoding',
}

/** What a browser may send after asking with OPTIONS. */
export const preflight: Readonly<Headers> = {
  ...cors,
  'Access-Control-Allow-Headers':
    'Authorization, Content-Type, Content-Encoding, Accept, Prefer, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-None-Exist, Idempotency-Key, X-Provenance, X-Security-Context, X-Request-Id, X-Correlation-Id',
  'Access-Control-Max-Age': '86400',
}

const address = ({ type, id, v }: Version, base: string): string => `${base}/${type}/${id}/_history/${v}`

const versionHeaders = (version: Version): Headers => ({
  ETag: etagOf(version.v),
  'Last-Modified': new Date(version.t).toUTCString(),
})

/** Where the version lives: a created one's `Location`; `Content-Location` where the body is that version. */
const places = ({ status, version, written }: Answer, base: string, shown: boolean): Headers => {
  if (!version || version.deleted) return {}
  const url = address(version, base)
  return {
    ...(written && status < 300 ? { Location: url } : {}),
    ...(shown ? { 'Content-Location': url } : {}),
  }
}

const writtenBody = (version: Version, prefer: Prefer, warnings: readonly Issue[] = []): string => {
  if (prefer.returns === 'minimal') return ''
  return prefer.returns === 'OperationOutcome' ? outcomeText(warnings) : version.text
}

const bodyOf = ({ issues, text, version, written, status, warnings }: Answer, prefer: Prefer): string => {
  if (issues) return outcomeText(issues)
  if (text !== undefined) return text
  if (!version || version.deleted || status === 304) return ''
  return written ? writtenBody(version, prefer, warnings) : version.text
}

/** https://www.rfc-editor.org/rfc/rfc9110#field.retry-after — in seconds; what passes by itself is over soon, or lasts. */
const patience = (status: number): Headers => (status === 429 || status === 503 ? { 'Retry-After': '1' } : {})

/** Returns the HTTP response for an answer. */
export const responseOf = (answer: Answer, prefer: Prefer, base: string): FhirResponse => {
  const { status, version } = answer
  const body = bodyOf(answer, prefer)
  return {
    status,
    headers: {
      ...(body === '' ? {} : { 'Content-Type': `${answer.mediaType ?? fhirJson}; charset=utf-8` }),
      ...(version ? versionHeaders(version) : {}),
      ...patience(status),
      ...answer.headers,
      ...places(answer, base, status === 304 || (body !== '' && body === version?.text)),
    },
    body,
  }
}
