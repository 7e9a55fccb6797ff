/** https://hl7.org/fhir/R4/http.html#patch */

import { bareType } from '../fhir/media-type.ts'
import { emptyBody } from '../outcome/messages.ts'
import { type Call, type Interaction, subjectPath } from '../request/call.ts'
import { applyChange } from './change.ts'
import { checkQuery } from './result-parameters.ts'

const patchEntry = (call: Call) => ({
  place: '',
  method: 'PATCH' as const,
  path: subjectPath(call),
  query: call.query,
  headers: call.headers,
  fullUrl: undefined,
  body: undefined,
  patch: { type: bareType(call.headers['content-type'] ?? ''), text: call.body },
})

export const patch: Interaction = async (call, context) => {
  if (call.id !== '') checkQuery(call)
  if (call.body.trim() === '') throw emptyBody('a patch')
  return applyChange(patchEntry(call), context)
}
