/** https://hl7.org/fhir/R4/security.html#binding */

import type { Principal } from './principal.ts'
import { type Action, groups } from './rules/groups.ts'

export interface Decision {
  permit: boolean
  /** Why, in words for the caller. */
  because: string
}

const permitting = (principal: Principal, action: Action): string | undefined =>
  principal.groups.find((group) => Object.hasOwn(groups, group) && groups[group]?.has(action))

/** Phrases for actions whose name is not a verb. */
const actionPhrases: Partial<Record<Action, string>> = {
  history: 'read the history of',
  bundle: 'post bundles of',
}

const accessRefusal = (principal: Principal, action: Action, type: string): string =>
  principal.groups.length === 0
    ? `\`${principal.name}\` is in no group. Ask an administrator for one.`
    : `\`${principal.name}\` may not ${actionPhrases[action] ?? action} ${type === '' ? 'every type' : `\`${type}\``}: no group of ${principal.groups.join(', ')} permits it.`

/**
 * Returns whether the principal may perform the action on resources of the type, or of every type if `type` is empty.
 * Denies unless a group permits the action.
 */
export const decide = (principal: Principal, action: Action, type: string): Decision => {
  const group = permitting(principal, action)
  return group === undefined
    ? { permit: false, because: accessRefusal(principal, action, type) }
    : { permit: true, because: `group \`${group}\` may ${action}` }
}
