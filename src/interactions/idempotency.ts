import type { Call } from '../request/call.ts'
import type { Context } from '../request/context.ts'
import { namedBy } from '../write/idempotency.ts'

/** Returns the context of a call that is done once under its `Idempotency-Key`, if the call has one. */
export const once = <Of extends Context>(call: Call, context: Of): Of => {
  const named = namedBy(call, context)
  return named ? { ...context, once: named } : context
}

/** Returns the headers of a batch's entry, which is done once under a key of its own. */
export const withOwnKey = (
  headers: Readonly<Record<string, string>>,
  key: string | undefined,
  place: string,
): Readonly<Record<string, string>> =>
  key === undefined ? headers : { ...headers, 'idempotency-key': `${key}#${place}` }
