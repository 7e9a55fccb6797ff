/** https://hl7.org/fhir/R4/http.html#read */

import { gone, notFound } from '../outcome/messages.ts'
import { type Answer, type Interaction, serving, telling } from './call.ts'
import { notModified } from './conditions.ts'

export const read: Interaction = async ({ type, id, headers }, { store }): Promise<Answer> => {
  const [version] = await store.get([{ type, id }])
  if (!version) return telling(404, [notFound(type, id)])
  if (version.deleted) return telling(410, [gone(type, id)], version)
  return notModified(headers, version) ? { status: 304, version } : serving(version)
}
