/** What a deployment asks of what is written, beyond R4 itself: looked at when everything is known but nothing is stored. */

import type { Issue } from '../../outcome/failure.ts'
import type { Context } from '../../request/context.ts'
import { defaultRules } from '../../request/settings.ts'
import type { ValidateOptions } from '../../validate/validate.ts'
import type { Draft } from './draft.ts'

/** Returns whether it is about the definition of a search parameter, which must be possible. */
export const isDefinition = ({ type }: { type: string }): boolean => type === 'SearchParameter'

/** Returns whether a resource may be a profile, which the CapabilityStatement announces. */
export const isProfile = ({ type }: { type: string }): boolean => type === 'StructureDefinition'

/** Returns whether the deployment asks for anything that must be looked at before a commit. */
export const asksMore = (commands: readonly { type: string }[], { rules = defaultRules }: Context): boolean =>
  rules.references === 'exist' || rules.profiles !== 'off' || commands.some(isDefinition)

/** Returns whether the deployment keeps what is referred to from being deleted. */
export const keepsReferred = ({ rules = defaultRules }: Context): boolean =>
  rules.deletionOfReferred === 'refuse'

/** Returns what the deployment asks of a resource on its own. */
export const validateOptionsOf = ({ rules = defaultRules }: Context): ValidateOptions =>
  rules.references === 'off' ? { anyTarget: true } : {}

const nothing = async (drafts: readonly Draft[]): Promise<Issue[][]> => drafts.map(() => [])

const danglingIssues = async (drafts: readonly Draft[], context: Context): Promise<Issue[][]> =>
  (await import('./existing-targets.ts')).danglingIssues(drafts, context)

const profileIssues = async (drafts: readonly Draft[], context: Context): Promise<Issue[][]> =>
  (await import('./profiles.ts')).profileIssues(drafts, context)

const definitionIssues = async (drafts: readonly Draft[], context: Context): Promise<Issue[][]> =>
  (await import('./custom-parameters.ts')).ownIssues(drafts, context)

/** Returns for each draft what the rules of the deployment say; what they do not ask for is not loaded. */
export const policyIssues = async (
  drafts: readonly Draft[],
  context: Context,
): Promise<readonly (readonly Issue[])[]> => {
  const { references, profiles } = context.rules ?? defaultRules
  const [dangling, unmet, own] = await Promise.all([
    (references === 'exist' ? danglingIssues : nothing)(drafts, context),
    (profiles === 'off' ? nothing : profileIssues)(drafts, context),
    (drafts.some(isDefinition) ? definitionIssues : nothing)(drafts, context),
  ])
  return drafts.map((_, i) => [...(dangling[i] ?? []), ...(unmet[i] ?? []), ...(own[i] ?? [])])
}
