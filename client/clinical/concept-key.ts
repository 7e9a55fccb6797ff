import type { CodeableConcept } from 'fhir/r4.js'
import { codeIn, type System, systems } from './codes.ts'
import { conceptText } from './text.ts'

/**
 * Returns the same key for concepts that mean the same: the code with its system, the preferred system's first.
 * A code without a system tells things apart together with the words beside it.
 */
export const conceptKey = (concept: CodeableConcept | undefined, preferred: System): string => {
  const codings = (concept?.coding ?? []).filter(
    (each) => each.system !== undefined && each.code !== undefined,
  )
  const coding = codings.find((each) => codeIn(preferred, each) !== undefined) ?? codings[0]
  if (coding)
    return `${codeIn(preferred, coding) !== undefined ? systems[preferred][0] : coding.system}#${coding.code}`
  const bare = concept?.coding?.find((each) => each.code !== undefined)?.code ?? ''
  return `text:${bare}#${conceptText(concept).toLowerCase()}`
}
