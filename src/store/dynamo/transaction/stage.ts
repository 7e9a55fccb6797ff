import { inParallel } from '../../parallel.ts'
import { executeAll } from '../batch.ts'
import type { Prepared, State } from '../items.ts'
import { foldStatement, stageStatement } from '../params.ts'
import type { Session } from '../session.ts'
import { abort } from './record.ts'
import { close, type Open } from './registry.ts'
import { type Budget, makeWay, settleItem } from './settle.ts'

/** One order for all transactions, so that two of them meet at the first resource they share. */
const inKeyOrder = (prepared: readonly Prepared[]): Prepared[] =>
  [...prepared].sort((a, b) => (a.item.pk < b.item.pk ? -1 : 1))

/** Puts every write beside the current versions under the transaction's id; nobody sees it until the record is there. */
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
 * Ends a transaction that was not seen to commit and takes off what it has staged; what fails here the sweep will do.
 * Returns how it has ended: `committed` or `unfinished` where its record was put after all and only the answer was lost.
 */
export const abandon = async (
  session: Session,
  prepared: readonly Prepared[],
  open: Open,
): Promise<State> => {
  const { txn } = open
  const state = await abort(session, txn).catch(() => 'pending' as const)
  if (state !== 'aborted') return state
  const remove = (one: Prepared) => settleItem(session, stagedItem(one, txn), txn, state)
  await inParallel(32, prepared, remove)
    .then(() => close(session, open))
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
export const foldAll = async (session: Session, prepared: readonly Prepared[], open: Open): Promise<void> => {
  try {
    await foldStaged(session, prepared, open.txn)
    await close(session, open)
  } catch {
    // The transaction is committed: who meets an item that is not folded yet reads it right, and the sweep folds it.
  }
}
