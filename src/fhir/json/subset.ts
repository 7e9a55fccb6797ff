/** https://hl7.org/fhir/R4/search.html#summary and #elements — a part of a resource, cut out of its text. */

import { type MemberRule, type Structure, structureOf } from '../structure.ts'
import {
  applyEdits,
  type Edit,
  itemSpans,
  type MemberSpan,
  membersAt,
  skipSpace,
  topLevelMembers,
} from './splice.ts'

/** The wanted part of a resource. */
export type Subset = { summary: 'true' | 'text' | 'data' } | { elements: readonly string[] }

const subsetted =
  '{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED","display":"subsetted"}'

const always = new Set(['resourceType', 'id', 'meta', 'implicitRules'])

const bareSubset = (name: string): string => (name.startsWith('_') ? name.slice(1) : name)

type Keeps = (name: string, rule: MemberRule) => boolean

const keeper = (subset: Subset): Keeps => {
  if ('elements' in subset) {
    const wanted = new Set(subset.elements)
    return (name, { element }) => wanted.has(name) || wanted.has(element.name) || element.min > 0
  }
  if (subset.summary === 'data') return (name) => name !== 'text'
  if (subset.summary === 'text') return (name, { element }) => name === 'text' || element.min > 0
  return (_, { element }) => element.isSummary || element.min > 0
}

/** Returns edits that drop members and keep the text of the rest. */
const dropped = (
  text: string,
  start: number,
  end: number,
  members: readonly MemberSpan[],
  kept: readonly MemberSpan[],
): Edit[] => {
  if (kept.length === members.length) return []
  const parts = kept.map((member) => text.slice(member.start, member.valueEnd))
  return [{ start, end, text: `{${parts.join(',')}}` }]
}

/** Summaries go down into the elements that they keep: `Observation.component` keeps its code, not its interpretation. */
const summarised = (text: string, rule: MemberRule): string => {
  const structure = structureOf(rule.type.content)
  const at = skipSpace(text, 0)
  if (!structure || structure.kind === 'primitive-type' || rule.type.code === 'Resource') return text
  if (text.charAt(at) === '[') {
    const edits = itemSpans(text, at).map(({ start, end }) => ({
      start,
      end,
      text: summarised(text.slice(start, end), rule),
    }))
    return applyEdits(text, edits)
  }
  return text.charAt(at) === '{' ? summary(text, structure) : text
}

/** Returns whether the member is an `id` or an extension, which are kept together with their element. */
const isOwnMember = (name: string): boolean =>
  name === 'id' || name === 'extension' || name === 'modifierExtension'

const summary = (text: string, structure: Structure): string => {
  const members = membersAt(text, skipSpace(text, 0))
  const kept = members.filter(({ name }) => {
    const rule = structure.members.get(bareSubset(name))
    return isOwnMember(name) || !rule || rule.element.isSummary || rule.element.min > 0
  })
  if (kept.every(({ name }) => isOwnMember(name))) return text
  return `{${kept.map((member) => summarisedMember(text, member, structure)).join(',')}}`
}

const summarisedMember = (text: string, member: MemberSpan, structure: Structure): string => {
  const rule = structure.members.get(bareSubset(member.name))
  const value = text.slice(member.valueStart, member.valueEnd)
  return text.slice(member.start, member.valueStart) + (rule ? summarised(value, rule) : value)
}

const withTag = (text: string): string => {
  const members = topLevelMembers(text)
  const meta = members.find(({ name }) => name === 'meta')
  if (!meta) {
    const after = members.find(({ name }) => name === 'resourceType')?.valueEnd ?? skipSpace(text, 0) + 1
    return applyEdits(text, [{ start: after, end: after, text: `,"meta":{"tag":[${subsetted}]}` }])
  }
  const own = membersAt(text, meta.valueStart)
  const tag = own.find(({ name }) => name === 'tag')
  const at = tag ? tag.valueEnd - 1 : meta.valueEnd - 1
  const separator = (tag ? itemSpans(text, tag.valueStart).length : own.length) > 0 ? ',' : ''
  const edit = tag ? separator + subsetted : `${separator}"tag":[${subsetted}]`
  return applyEdits(text, [{ start: at, end: at, text: edit }])
}

/** Returns the wanted part of a resource's text, tagged as SUBSETTED, with the original digits of every number. */
export const subsetOf = (text: string, type: string, subset: Subset): string => {
  const structure = structureOf(type)
  if (!structure) return text
  const keeps = keeper(subset)
  const members = topLevelMembers(text)
  const kept = members.filter(({ name }) => {
    const rule = structure.members.get(bareSubset(name))
    return always.has(bareSubset(name)) || (rule !== undefined && keeps(bareSubset(name), rule))
  })
  const deep = 'summary' in subset && subset.summary === 'true'
  const cut = deep
    ? `{${kept.map((member) => summarisedMember(text, member, structure)).join(',')}}`
    : applyEdits(text, dropped(text, 0, text.length, members, kept))
  return withTag(cut)
}
