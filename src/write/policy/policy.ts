/**
 * A deployment's demands on resources, beyond R4 itself: checked once everything is resolved and before anything is
 * stored.
 */

import type { Issue } from '../../outcome/failure.ts'
import type { Context } from '../../request/context.ts'
import { defaultRules } from '../../request/settings.ts'
import type { ValidateOptions } from '../../validate/validate.ts'
import type { Draft } from './draft.ts'

/** Returns whether a resource may define a search parameter, whose definition must be possible. */
export const isDefinition = ({ type }: { type: string }): boolean => type === 'SearchParameter'

/** Returns whether a resource may be a profile, to be announced in the CapabilityStatement. */
export const isProfile = ({ type }: { type: string }): boolean => type === 'StructureDefinition'

/** Returns whether anything must be checked before a commit. */
export const needsPolicyCheck = (
  commands: readonly { type: string }[],
  { rules = defaultRules }: Context,
): boolean => rules.references === 'exist' || rules.profiles !== 'off' || commands.some(isDefinition)

/** Returns whether the deployment refuses to delete a resource that others refer to. */
export const refusesReferredDeletion = ({ rules = defaultRules }: Context): boolean =>
  rules.deletionOfReferred === 'refuse'

/** Returns the options by which a single resource is validated. */
export const validateOptionsOf = ({ rules = defaultRules }: Context): ValidateOptions =>
  rules.references === 'off' ? { anyTarget: true } : {}

const noIssues = async (drafts: readonly Draft[]): Promise<Issue[][]> => drafts.map(() => [])

const lazyDanglingIssues = async (drafts: readonly Draft[], context: Context): Promise<Issue[][]> =>
  (await import('./existing-targets.ts')).danglingIssues(drafts, context)

const lazyProfileIssues = async (drafts: readonly Draft[], context: Context): Promise<Issue[][]> =>
  (await import('./profiles.ts')).profileIssues(drafts, context)

const lazyDefinitionIssues = async (drafts: readonly Draft[], context: Context): Promise<Issue[][]> =>
  (await import('./custom-parameters.ts')).definitionIssues(drafts, context)

/** Returns the issues of each draft by the deployment's rules; only the code of rules in force is loaded. */
export const policyIssues = async (
  drafts: readonly Draft[],
  context: Context,
): Promise<readonly (readonly Issue[])[]> => {
  const { references, profiles } = context.rules ?? defaultRules
  const [dangling, unmet, own] = await Promise.all([
    (references === 'exist' ? lazyDanglingIssues : noIssues)(drafts, context),
    (profiles === 'off' ? noIssues : lazyProfileIssues)(drafts, context),
    (drafts.some(isDefinition) ? lazyDefinitionIssues : noIssues)(drafts, context),
  ])
  return drafts.map((_, i) => [...(dangling[i] ?? []), ...(unmet[i] ?? []), ...(own[i] ?? [])])
}
