import type { Issue } from '../outcome/failure.ts'
import { forbidden, notLoggedIn } from '../outcome/messages.ts'
import { decide } from './decide.ts'
import type { Principal } from './principal.ts'
import type { Action } from './rules/groups.ts'

/** Returns the issues that forbid the action; empty if the action is permitted. Fails with `login` without a principal. */
export const accessIssues = (principal: Principal | undefined, action: Action, type: string): Issue[] => {
  if (!principal) throw notLoggedIn()
  const { permit, because } = decide(principal, action, type)
  return permit ? [] : [forbidden(because)]
}
