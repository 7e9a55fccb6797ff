import { ledgerLine } from './ledger.ts'
import { type PolicyPrincipal, rightsOfPrincipal } from './policy.ts'

/** The comparison of used rights with the rights in policies, a line each, sorted. */
export interface RightsReport {
  denied: string[]
  /** Rights that no call ever used. */
  unused: string[]
}

/** Rights that only Lambda uses: under this prefix it stores the batches it gives up on, with the function's right. */
const byLambda = /^\w+ s3:PutObject arn:aws:s3:::[^/]+\/aws\/lambda\/\*$/

/** Returns the report on the lines of any number of ledgers, in the form that `append` writes. */
export const rightsReport = (principals: readonly PolicyPrincipal[], log: string): RightsReport => {
  const lines = new Set(log.split('\n'))
  const denied = [...lines].filter((line) => line.startsWith('denied ')).map((line) => line.slice(7))
  const given = principals.flatMap(rightsOfPrincipal).map(ledgerLine)
  const unused = [...new Set(given)].filter((line) => !lines.has(`used ${line}`) && !byLambda.test(line))
  return { denied: denied.sort(), unused: unused.sort() }
}
