/** https://hl7.org/fhir/R4/http.html#create and #ccreate */

import { bodyOf } from '../request/body.ts'
import type { Interaction } from '../request/call.ts'
import { applyChange } from './change.ts'
import { once } from './idempotency.ts'
import { checkQuery } from './result-parameters.ts'

export const create: Interaction = async (call, context) => {
  checkQuery(call)
  const { type, headers, body } = call
  return applyChange(
    {
      place: '',
      method: 'POST',
      path: type,
      query: [],
      headers,
      fullUrl: undefined,
      body: bodyOf(body, `a ${type}`),
    },
    once(call, context),
  )
}
