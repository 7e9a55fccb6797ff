import { appendFileSync } from 'node:fs'
import { allowing, type PolicyPrincipal, type Right, type RightUse } from './policy.ts'

/** A use that no statement allows. */
export interface Denial extends RightUse {
  principal: string
}

/** The rights that were used and the uses that were denied. */
export interface Ledger {
  /** Returns the uses that the principal's policy denies. */
  judge(principal: PolicyPrincipal, uses: readonly RightUse[]): RightUse[]
  denied(): Denial[]
  used(): Right[]
  /** Adds the used rights to a file, a line each, for the report over many runs. */
  append(path: string): void
}

export const ledgerLine = ({ principal, action, resource }: Right | Denial): string =>
  `${principal} ${action} ${resource}`

export const createLedger = (): Ledger => {
  const used = new Map<string, Right>()
  const denied = new Map<string, Denial>()
  const allowed = (principal: PolicyPrincipal, use: RightUse): boolean => {
    const rights = allowing(principal, use)
    for (const right of rights ?? []) used.set(ledgerLine(right), right)
    if (rights) return true
    const denial = { principal: principal.name, ...use }
    denied.set(ledgerLine(denial), denial)
    return false
  }
  return {
    judge: (principal, uses) => uses.filter((use) => !allowed(principal, use)),
    denied: () => [...denied.values()],
    used: () => [...used.values()],
    append: (path) => {
      const lines = [
        ...[...used.keys()].map((line) => `used ${line}`),
        ...[...denied.keys()].map((line) => `denied ${line}`),
      ]
      if (lines.length > 0) appendFileSync(path, `${lines.join('\n')}\n`)
    },
  }
}
