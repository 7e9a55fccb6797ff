import type { IncomingHttpHeaders } from 'node:http'
import { accessKeyOf } from '../signatures.ts'
import type { Ledger } from './ledger.ts'
import type { PolicyPrincipal, RightUse } from './policy.ts'

/** The known callers by the ids of their keys; without this map every call is allowed. */
export type Principals = ReadonlyMap<string, PolicyPrincipal>

/** The verdict on a call: allowed, an unknown key, or a denied use. */
export type RightsVerdict =
  | { kind: 'allowed' }
  | { kind: 'unknown' }
  | { kind: 'denied'; principal: PolicyPrincipal; use: RightUse }

/** Returns the verdict on a request. */
export const verdictOf = (
  principals: Principals | undefined,
  ledger: Ledger,
  { headers, path }: { headers: IncomingHttpHeaders; path: string },
  uses: () => readonly RightUse[],
): RightsVerdict => {
  if (!principals) return { kind: 'allowed' }
  const principal = principals.get(accessKeyOf(headers, path) ?? '')
  if (!principal) return { kind: 'unknown' }
  const [use] = ledger.judge(principal, uses())
  return use ? { kind: 'denied', principal, use } : { kind: 'allowed' }
}

/** Returns AWS's message for a denial. */
export const denialMessage = ({ name }: PolicyPrincipal, { action, resource }: RightUse): string =>
  `User: arn:aws:sts::000000000000:assumed-role/${name}/${name} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`
