/** https://hl7.org/fhir/R4/http.html#delete */

import { type Call, type Interaction, pathOf } from './call.ts'
import { change } from './change.ts'

const entryOf = (call: Call) => ({
  place: '',
  method: 'DELETE' as const,
  path: pathOf(call),
  query: call.query,
  headers: call.headers,
  fullUrl: undefined,
  body: undefined,
})

export const remove: Interaction = async (call, context) => change(entryOf(call), context)
