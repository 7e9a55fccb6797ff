import type { Call } from '../request/call.ts'
import type { Context } from '../request/context.ts'
import { keyedNameOf } from '../write/idempotency.ts'

/** Returns the context of a call, with the name of its `Idempotency-Key` if the call has such a header. */
export const once = <Of extends Context>(call: Call, context: Of): Of => {
  const named = keyedNameOf(call, context)
  return named ? { ...context, idempotencyName: named } : context
}

/** Returns the headers of a batch's entry, with an idempotency key of its own. */
export const withOwnKey = (
  headers: Readonly<Record<string, string>>,
  key: string | undefined,
  place: string,
): Readonly<Record<string, string>> =>
  key === undefined ? headers : { ...headers, 'idempotency-key': `${key}#${place}` }
