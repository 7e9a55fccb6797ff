import { lineOf } from './ledger.ts'
import { type Principal, rightsOf } from './policy.ts'

/** How the rights that were used compare with those that policies give; a line each, sorted. */
export interface RightsReport {
  denied: string[]
  /** Rights that no call ever used. */
  unused: string[]
}

/** Lambda itself keeps under this prefix the batches that it gives up on, with the right of the function; no call of ours uses it. */
const byLambda = /^\w+ s3:PutObject arn:aws:s3:::[^/]+\/aws\/lambda\/\*$/

/** Returns the report over the lines of one or many ledgers, as `append` writes them. */
export const rightsReport = (principals: readonly Principal[], log: string): RightsReport => {
  const lines = new Set(log.split('\n'))
  const denied = [...lines].filter((line) => line.startsWith('denied ')).map((line) => line.slice(7))
  const given = principals.flatMap(rightsOf).map(lineOf)
  const unused = [...new Set(given)].filter((line) => !lines.has(`used ${line}`) && !byLambda.test(line))
  return { denied: denied.sort(), unused: unused.sort() }
}
