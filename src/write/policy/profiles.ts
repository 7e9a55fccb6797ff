/** Profiles that a deployment demands of written resources: https://hl7.org/fhir/R4/profiling.html */

import type { Resource } from '../../fhir/definitions.ts'
import type { Issue } from '../../outcome/failure.ts'
import type { Context } from '../../request/context.ts'
import { defaultRules, type Rules } from '../../request/settings.ts'
import { claims } from '../../validate/profile/claims.ts'
import { judgeAll, newProfileMemory, type ProfileMemory } from '../../validate/profile/held.ts'
import type { Draft } from './draft.ts'

/** Loaded profiles by deployment, kept in the process for a while. */
const memories = new WeakMap<Rules, ProfileMemory>()

const memoryOf = (rules: Rules): ProfileMemory => {
  const memory = memories.get(rules) ?? newProfileMemory()
  memories.set(rules, memory)
  return memory
}

const conformance: ReadonlySet<string> = new Set(['StructureDefinition', 'ValueSet', 'CodeSystem'])

const asMeant = ({ profiles }: Rules, issue: Issue): Issue =>
  profiles === 'warn' && issue.severity === 'error' ? { ...issue, severity: 'warning' } : issue

const mustMeet = ({ required }: Rules, { resourceType }: Resource): readonly string[] =>
  required[resourceType] ?? []

/** Returns the issues of each draft by the profiles that the draft claims, and by the profiles required of its type. */
export const profileIssues = async (
  drafts: readonly Draft[],
  { rules = defaultRules, store }: Context,
): Promise<Issue[][]> => {
  if (drafts.some(({ type }) => conformance.has(type))) memories.delete(rules)
  const asked = drafts.flatMap(({ resource }) => {
    const profiles = resource ? mustMeet(rules, resource) : []
    return resource && (profiles.length > 0 || claims(resource).length > 0) ? [{ resource, profiles }] : []
  })
  const issues = asked.length > 0 ? await judgeAll(asked, store, memoryOf(rules)) : []
  const found = new Map(asked.map(({ resource }, i) => [resource, issues[i] ?? []]))
  return drafts.map(({ resource }) =>
    ((resource && found.get(resource)) ?? []).map((issue) => asMeant(rules, issue)),
  )
}
