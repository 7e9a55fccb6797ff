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

/** What an action is called where its name is no verb. */
const deeds: Partial<Record<Action, string>> = {
  history: 'read the history of',
  bundle: 'post bundles of',
}

const refusal = (principal: Principal, action: Action, type: string): string =>
  principal.groups.length === 0
    ? `\`${principal.name}\` is in no group. Ask an administrator for one.`
    : `\`${principal.name}\` may not ${deeds[action] ?? action} ${type === '' ? 'every type' : `\`${type}\``}: no group of ${principal.groups.join(', ')} permits it.`

/** Returns whether the principal may do this to resources of the type, or without one of every type; what no rule permits is forbidden. */
export const decide = (principal: Principal, action: Action, type: string): Decision => {
  const group = permitting(principal, action)
  return group === undefined
    ? { permit: false, because: refusal(principal, action, type) }
    : { permit: true, because: `group \`${group}\` may ${action}` }
}
