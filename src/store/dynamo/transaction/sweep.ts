import { currentKey } from '../../keys.ts'
import { inParallel } from '../../parallel.ts'
import type { ResourceKey } from '../../port.ts'
import { readAll } from '../batch.ts'
import { type ResourceItem, stagedBy, type TransactionState } from '../items.ts'
import type { Session } from '../session.ts'
import { finishJournal } from './journal.ts'
import { abort, statesOf } from './record.ts'
import { closeTransaction, type OpenTransaction, openTransactions, stagedKeysOf } from './registry.ts'
import { settleItem } from './settle.ts'
import { isAbandoned } from './watch.ts'

/** The numbers of transactions that a sweep carried out, rolled back, and left alone because their writers may be alive. */
export interface Swept {
  committed: number
  aborted: number
  left: number
}

const settleStaged = async (
  session: Session,
  txn: string,
  keys: readonly ResourceKey[],
  state: TransactionState,
): Promise<void> => {
  const places = keys.map((key) => currentKey(session.tenant, key))
  const items = await readAll<ResourceItem>(session, session.tables.resources, places)
  const staged = items.filter((item) => stagedBy(item) === txn)
  await inParallel(16, staged, (item) => settleItem(session, item, txn, state))
}

const carryOut = async (session: Session, open: OpenTransaction, state: TransactionState): Promise<void> => {
  if (state === 'unfinished') await finishJournal(session, open.txn)
  const keys = open.rows > 0 ? await stagedKeysOf(session, open.txn) : []
  await settleStaged(session, open.txn, keys, state === 'aborted' ? 'aborted' : 'committed')
  await closeTransaction(session, open)
}

const sweepInterval = 1_000

/**
 * Returns a transaction's state once it has ended; aborts a transaction without a sign of life for a lease. Returns
 * `pending` if there are still signs of life after a little more than a lease.
 */
const awaitState = async (session: Session, txn: string): Promise<TransactionState> => {
  const { clock, timing } = session
  const until = clock.monotonic() + timing.lease + 2 * sweepInterval
  for (;;) {
    const state = (await statesOf(session, [txn])).get(txn) ?? 'pending'
    if (state !== 'pending') return state
    if (await isAbandoned(session, txn)) return abort(session, txn)
    if (clock.monotonic() > until) return 'pending'
    await clock.sleep(sweepInterval)
  }
}

/**
 * Ends every large transaction that its writer has left behind: carries out committed ones and rolls back the rest. Takes
 * a little longer than a lease if a transaction has no record; a transaction that shows life is left alone.
 */
export const sweep = async (session: Session): Promise<Swept> => {
  const swept: Swept = { committed: 0, aborted: 0, left: 0 }
  await inParallel(8, await openTransactions(session), async (open) => {
    const state = await awaitState(session, open.txn)
    if (state === 'pending') swept.left++
    else {
      await carryOut(session, open, state)
      swept[state === 'aborted' ? 'aborted' : 'committed']++
    }
  })
  return swept
}
