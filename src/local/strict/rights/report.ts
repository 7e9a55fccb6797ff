import { lineOf } from './ledger.ts'
import { type Principal, rightsOf } from './policy.ts'

/** How the rights that were used compare with those that policies give; a line each, sorted. */
export interface RightsReport {
  denied: string[]
  /** Rights that no call ever used. */
  unused: string[]
}

/** Returns the report over the lines of one or many ledgers, as `append` writes them. */
export const rightsReport = (principals: readonly Principal[], log: string): RightsReport => {
  const lines = new Set(log.split('\n'))
  const denied = [...lines].filter((line) => line.startsWith('denied ')).map((line) => line.slice(7))
  const given = principals.flatMap(rightsOf).map(lineOf)
  const unused = [...new Set(given)].filter((line) => !lines.has(`used ${line}`))
  return { denied: denied.sort(), unused: unused.sort() }
}
