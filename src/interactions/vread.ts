/** https://hl7.org/fhir/R4/http.html#vread */

import { goneVersion, noVersion } from '../outcome/messages.ts'
import { type Interaction, issuesAnswer, versionAnswer } from '../request/call.ts'
import { notModified } from './conditions.ts'
import { checkReadQuery, cutFor } from './result-parameters.ts'

export const vread: Interaction = async (call, context) => {
  checkReadQuery(call)
  const { type, id, version, headers } = call
  const cut = await cutFor(call)
  const found = /^[1-9]\d{0,14}$/.test(version)
    ? await context.reader.version({ type, id }, Number(version))
    : undefined
  if (!found) return issuesAnswer(404, [noVersion(type, id, version)])
  if (found.deleted) return issuesAnswer(410, [goneVersion(type, id, version)], found)
  if (type === 'Binary') (await import('./binary.ts')).checkSecurityContext(found, context)
  return notModified(headers, found) ? { status: 304, version: found } : versionAnswer(found, cut)
}
