/** https://hl7.org/fhir/R4/http.html#delete */

import { type Call, type Interaction, subjectPath } from '../request/call.ts'
import { applyChange } from './change.ts'
import { checkQuery } from './result-parameters.ts'

const deleteEntry = (call: Call) => ({
  place: '',
  method: 'DELETE' as const,
  path: subjectPath(call),
  query: call.query,
  headers: call.headers,
  fullUrl: undefined,
  body: undefined,
})

export const deleteInteraction: Interaction = async (call, context) => {
  if (call.id !== '') checkQuery(call)
  return applyChange(deleteEntry(call), context)
}
