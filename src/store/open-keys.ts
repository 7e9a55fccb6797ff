/** The keys by which large transactions are found that nobody has closed; the rest of a transaction's are in `keys.ts`. */

import { type Key, transactionKey } from './keys.ts'

/** Returns the partition of the large transactions that are not closed: begun, or committed and not carried out. */
export const openPartition = (tenant: string): string => `${tenant}|open`

/** Returns the key under which a large transaction is registered until it is closed. */
export const openKey = (tenant: string, txn: string): Key => ({ pk: openPartition(tenant), sk: txn })

/** Returns the beginning of the sort keys, beside a transaction's record, of the rows that list what it has staged. */
export const stagedPrefix = 'staged|'

/** Returns the key of one of the rows that list what a transaction has staged. */
export const stagedKey = (tenant: string, txn: string, part: number): Key => ({
  pk: transactionKey(tenant, txn).pk,
  sk: `${stagedPrefix}${String(part).padStart(5, '0')}`,
})
