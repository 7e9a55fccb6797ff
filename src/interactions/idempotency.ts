import type { Call } from '../request/call.ts'
import type { Context } from '../request/context.ts'
import { namedBy } from '../write/idempotency.ts'
import { provenanceHeader } from '../write/request/provenance.ts'

/** Returns the context of a call that is to be done once under its `Idempotency-Key`, if it has one. */
export const once = <Of extends Context>({ type, headers, body }: Call, context: Of): Of => {
  const provenance = headers[provenanceHeader]
  const request = [
    type,
    headers['if-none-exist'] ?? '',
    body,
    ...(provenance === undefined ? [] : [provenance]),
  ]
  const named = namedBy(headers['idempotency-key'], request, context)
  return named ? { ...context, once: named } : context
}

/** Returns the headers of a batch's entry, which is done once under a key of its own. */
export const withOwnKey = (
  headers: Readonly<Record<string, string>>,
  key: string | undefined,
  place: string,
): Readonly<Record<string, string>> =>
  key === undefined ? headers : { ...headers, 'idempotency-key': `${key}#${place}` }
