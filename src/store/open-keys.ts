/** The keys by which open large transactions are found; `keys.ts` has the other keys of a transaction. */

import { type Key, transactionKey } from './keys.ts'

/** Returns the partition of the large transactions that are not closed: begun, or committed and not carried out. */
export const openPartition = (tenant: string): string => `${tenant}|open`

/** Returns the key under which a large transaction is registered until it is closed. */
export const openKey = (tenant: string, txn: string): Key => ({ pk: openPartition(tenant), sk: txn })

/**
 * Returns the beginning of the sort keys of the rows, beside a transaction's record, that list the staged
 * resources.
 */
export const stagedPrefix = 'staged|'

/** Returns the key of a row that lists staged resources of a transaction. */
export const stagedKey = (tenant: string, txn: string, part: number): Key => ({
  pk: transactionKey(tenant, txn).pk,
  sk: `${stagedPrefix}${String(part).padStart(5, '0')}`,
})
