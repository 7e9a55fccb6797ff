/** Conditional references, such as `Practitioner?identifier=…`: https://hl7.org/fhir/R4/http.html#trules */

import { rewriteLinks } from '../../fhir/links.ts'

const conditional = /^[A-Z][A-Za-z]+\?./
const perhaps = /"[A-Z][A-Za-z]+\?/

/** Returns the conditional references in a resource's text, without repetitions. */
export const conditionsIn = (text: string): string[] => {
  if (!perhaps.test(text)) return []
  const found = new Set<string>()
  rewriteLinks(text, (link, place) => {
    if (place === 'reference' && conditional.test(link)) found.add(link)
    return undefined
  })
  return [...found]
}

/** Returns the path of the first string of this value below a JSON value: `.subject.reference`. */
export const pathTo = (json: unknown, value: string): string | undefined => {
  if (json === value) return ''
  if (typeof json !== 'object' || json === null) return undefined
  for (const [key, child] of Object.entries(json)) {
    const below = pathTo(child, value)
    if (below !== undefined) return (Array.isArray(json) ? `[${key}]` : `.${key}`) + below
  }
  return undefined
}
