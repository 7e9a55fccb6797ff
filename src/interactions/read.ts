/** https://hl7.org/fhir/R4/http.html#read */

import { gone, notFound } from '../outcome/messages.ts'
import { type Answer, type Interaction, issuesAnswer, versionAnswer } from '../request/call.ts'
import { notModified } from './conditions.ts'
import { checkReadQuery, cutFor } from './result-parameters.ts'

export const read: Interaction = async (call, context): Promise<Answer> => {
  checkReadQuery(call)
  const { type, id, headers } = call
  const cut = await cutFor(call)
  const [version] = await context.reader.get([{ type, id }])
  if (!version) return issuesAnswer(404, [notFound(type, id)])
  if (version.deleted) return issuesAnswer(410, [gone(type, id)], version)
  if (type === 'Binary') (await import('./binary.ts')).checkSecurityContext(version, context)
  return notModified(headers, version) ? { status: 304, version } : versionAnswer(version, cut)
}
