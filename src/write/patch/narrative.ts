/** https://hl7.org/fhir/R4/http.html#patch — after a patch, the narrative must not tell what is no longer so. */

import { sameJson } from '../../fhir/json/same.ts'
import { type MemberSpan, topLevelMembers } from '../../fhir/json/splice.ts'

/** What a narrative is not about. */
const apart = new Set(['text', 'meta', 'id'])

const valuesIn = (text: string): Map<string, string> =>
  new Map(
    topLevelMembers(text).map(({ name, valueStart, valueEnd }) => [name, text.slice(valueStart, valueEnd)]),
  )

const changesContent = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): boolean =>
  [...new Set([...before.keys(), ...after.keys()])].some((name) => {
    const [was, is] = [before.get(name), after.get(name)]
    return !apart.has(name) && (was === undefined || is === undefined || !sameJson(was, is))
  })

/** https://hl7.org/fhir/R4/valueset-narrative-status.html: these are made from the content alone. */
const isGenerated = (narrative: string): boolean =>
  ['generated', 'extensions'].includes((JSON.parse(narrative) as { status?: string } | null)?.status ?? '')

const without = (text: string, member: MemberSpan['name']): string => {
  const kept = topLevelMembers(text).filter(({ name }) => name !== member)
  return `{${kept.map(({ start, valueEnd }) => text.slice(start, valueEnd)).join(',')}}`
}

/** Returns what a patch made of a resource's text, without a narrative that was generated from other content. */
export const withoutStaleNarrative = (before: string, after: string): string => {
  const [was, is] = [valuesIn(before), valuesIn(after)]
  const narrative = is.get('text')
  if (narrative === undefined || !isGenerated(narrative)) return after
  const isKept = sameJson(narrative, was.get('text') ?? '')
  return isKept && changesContent(was, is) ? without(after, 'text') : after
}
