import { inParallel } from '../../parallel.ts'
import { executeAll } from '../batch.ts'
import type { Prepared, TransactionState } from '../items.ts'
import { foldStatement, stageStatement } from '../params.ts'
import type { Session } from '../session.ts'
import { abort } from './record.ts'
import { closeTransaction, type OpenTransaction } from './registry.ts'
import { type Budget, makeWay, settleItem } from './settle.ts'

/**
 * Returns the writes in the same order for all transactions, so that two transactions meet at the first resource they
 * share.
 */
const inKeyOrder = (prepared: readonly Prepared[]): Prepared[] =>
  [...prepared].sort((a, b) => (a.item.pk < b.item.pk ? -1 : 1))

/**
 * Stages every write beside the current version, under the transaction's id; readers do not see the versions until the
 * record exists. Fails like `makeWay`.
 */
export const stageAll = async (
  session: Session,
  prepared: readonly Prepared[],
  txn: string,
): Promise<void> => {
  const budget: Budget = { left: session.timing.patience }
  let left = inKeyOrder(prepared)
  while (left.length > 0) {
    const statement = (one: Prepared) => stageStatement(session.tables.resources, one, txn)
    const refused = await executeAll(session, left, statement)
    left = []
    for (const one of refused) {
      if ((await makeWay(session, one, budget, txn)) === 'free') left.push(one)
    }
  }
}

const stagedItem = ({ item, write }: Prepared, txn: string) =>
  write.before ? { ...item, next: { ...item, txn } } : { ...item, txn }

/**
 * Aborts a transaction that was not seen to commit and removes its staged items; the sweep removes the rest after a
 * failure. Returns the transaction's state: `committed` or `unfinished` if its record was put after all and only the
 * answer was lost.
 */
export const abandon = async (
  session: Session,
  prepared: readonly Prepared[],
  open: OpenTransaction,
): Promise<TransactionState> => {
  const { txn } = open
  const state = await abort(session, txn).catch(() => 'pending' as const)
  if (state !== 'aborted') return state
  const remove = (one: Prepared) => settleItem(session, stagedItem(one, txn), txn, state)
  await inParallel(32, prepared, remove)
    .then(() => closeTransaction(session, open))
    .catch(() => undefined)
  return state
}

const foldStaged = async (session: Session, prepared: readonly Prepared[], txn: string): Promise<void> => {
  const created = prepared.filter(({ write }) => !write.before)
  const changed = prepared.filter(({ write }) => write.before)
  const fold = (one: Prepared) => settleItem(session, stagedItem(one, txn), txn, 'committed')
  await Promise.all([
    executeAll(session, created, ({ item }) => foldStatement(session.tables.resources, item, txn)),
    inParallel(32, changed, fold),
  ])
}

/** Makes all staged items ordinary after the commit, and closes the transaction. */
export const foldAll = async (
  session: Session,
  prepared: readonly Prepared[],
  open: OpenTransaction,
): Promise<void> => {
  try {
    await foldStaged(session, prepared, open.txn)
    await closeTransaction(session, open)
  } catch {
    // The transaction is committed: readers read an item that is not folded yet correctly, and the sweep folds it.
  }
}
