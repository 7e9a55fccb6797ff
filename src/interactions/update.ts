/** https://hl7.org/fhir/R4/http.html#update and #upsert */

import { bodyOf } from '../request/body.ts'
import { type Call, type Interaction, subjectPath } from '../request/call.ts'
import { applyChange } from './change.ts'
import { checkQuery } from './result-parameters.ts'

const updateEntry = (call: Call) => ({
  place: '',
  method: 'PUT' as const,
  path: subjectPath(call),
  query: call.query,
  headers: call.headers,
  fullUrl: undefined,
  body: bodyOf(call.body, `a ${call.type}`),
})

export const update: Interaction = async (call, context) => {
  if (call.id !== '') checkQuery(call)
  return applyChange(updateEntry(call), context)
}
