import type { Issue } from '../outcome/failure.ts'
import { forbidden, notLoggedIn } from '../outcome/messages.ts'
import { decide } from './decide.ts'
import type { Principal } from './principal.ts'
import type { Action } from './rules/groups.ts'

/** Returns what stands against the action, nothing where it is permitted; throws where nobody is logged in. */
export const objections = (principal: Principal | undefined, action: Action, type: string): Issue[] => {
  if (!principal) throw notLoggedIn()
  const { permit, because } = decide(principal, action, type)
  return permit ? [] : [forbidden(because)]
}
