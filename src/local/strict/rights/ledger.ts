import { appendFileSync } from 'node:fs'
import { allowing, type Principal, type Right, type Use } from './policy.ts'

/** A use that no statement allows. */
export interface Denial extends Use {
  principal: string
}

/** The rights that were used and the uses that were denied. */
export interface Ledger {
  /** Returns the uses that the principal's policy denies. */
  judge(principal: Principal, uses: readonly Use[]): Use[]
  denied(): Denial[]
  used(): Right[]
  /** Adds the used rights to a file, a line each, for the report over many runs. */
  append(path: string): void
}

export const lineOf = ({ principal, action, resource }: Right | Denial): string =>
  `${principal} ${action} ${resource}`

export const createLedger = (): Ledger => {
  const used = new Map<string, Right>()
  const denied = new Map<string, Denial>()
  const allowed = (principal: Principal, use: Use): boolean => {
    const rights = allowing(principal, use)
    for (const right of rights ?? []) used.set(lineOf(right), right)
    if (rights) return true
    const denial = { principal: principal.name, ...use }
    denied.set(lineOf(denial), denial)
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
