/** The narrative after a patch, which must not contradict the changed content: https://hl7.org/fhir/R4/http.html#patch */

import { sameJson } from '../../fhir/json/same.ts'
import { type MemberSpan, topLevelMembers } from '../../fhir/json/splice.ts'

/** Members that no narrative describes. */
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

/**
 * Returns whether a narrative was generated from the content alone:
 * https://hl7.org/fhir/R4/valueset-narrative-status.html
 */
const isGenerated = (narrative: string): boolean =>
  ['generated', 'extensions'].includes((JSON.parse(narrative) as { status?: string } | null)?.status ?? '')

const withoutMember = (text: string, member: MemberSpan['name']): string => {
  const kept = topLevelMembers(text).filter(({ name }) => name !== member)
  return `{${kept.map(({ start, valueEnd }) => text.slice(start, valueEnd)).join(',')}}`
}

/** Returns the patched text, without a narrative that was generated from the content before. */
export const withoutStaleNarrative = (before: string, after: string): string => {
  const [was, is] = [valuesIn(before), valuesIn(after)]
  const narrative = is.get('text')
  if (narrative === undefined || !isGenerated(narrative)) return after
  const isKept = sameJson(narrative, was.get('text') ?? '')
  return isKept && changesContent(was, is) ? withoutMember(after, 'text') : after
}
