import type { IncomingHttpHeaders } from 'node:http'
import { accessKeyOf } from '../signatures.ts'
import type { Ledger } from './ledger.ts'
import type { Principal, Use } from './policy.ts'

/** Those who may call, by the ids of their keys; without them everybody may do everything. */
export type Principals = ReadonlyMap<string, Principal>

/** What rights say to a call: go on, nobody has such a key, or a use is denied. */
export type Verdict =
  | { kind: 'allowed' }
  | { kind: 'unknown' }
  | { kind: 'denied'; principal: Principal; use: Use }

/** Returns whether the caller of a request may do what it asks. */
export const verdictOf = (
  principals: Principals | undefined,
  ledger: Ledger,
  { headers, path }: { headers: IncomingHttpHeaders; path: string },
  uses: () => readonly Use[],
): Verdict => {
  if (!principals) return { kind: 'allowed' }
  const principal = principals.get(accessKeyOf(headers, path) ?? '')
  if (!principal) return { kind: 'unknown' }
  const [use] = ledger.judge(principal, uses())
  return use ? { kind: 'denied', principal, use } : { kind: 'allowed' }
}

/** Returns how AWS words a denial. */
export const denialMessage = ({ name }: Principal, { action, resource }: Use): string =>
  `User: arn:aws:sts::000000000000:assumed-role/${name}/${name} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`
