import { currentKey } from '../../keys.ts'
import { inParallel } from '../../parallel.ts'
import type { ResourceKey } from '../../port.ts'
import { readAll } from '../batch.ts'
import { type ResourceItem, type State, stagedBy } from '../items.ts'
import type { Session } from '../session.ts'
import { finish } from './journal.ts'
import { abort, statesOf } from './record.ts'
import { close, type Open, openTransactions, stagedKeysOf } from './registry.ts'
import { settleItem } from './settle.ts'
import { isAbandoned } from './watch.ts'

/** How many transactions a sweep carried out or took back, and how many it left: their writers may live. */
export interface Swept {
  committed: number
  aborted: number
  left: number
}

const settleStaged = async (
  session: Session,
  txn: string,
  keys: readonly ResourceKey[],
  state: State,
): Promise<void> => {
  const places = keys.map((key) => currentKey(session.tenant, key))
  const items = await readAll<ResourceItem>(session, session.tables.resources, places)
  const staged = items.filter((item) => stagedBy(item) === txn)
  await inParallel(16, staged, (item) => settleItem(session, item, txn, state))
}

const carryOut = async (session: Session, open: Open, state: State): Promise<void> => {
  if (state === 'unfinished') await finish(session, open.txn)
  const keys = open.rows > 0 ? await stagedKeysOf(session, open.txn) : []
  await settleStaged(session, open.txn, keys, state === 'aborted' ? 'aborted' : 'committed')
  await close(session, open)
}

const interval = 1_000

/** Returns how a transaction has ended; one that shows no sign of life for the length of a lease is ended. */
const watched = async (session: Session, txn: string): Promise<State> => {
  const { clock, timing } = session
  const until = clock.monotonic() + timing.lease + 2 * interval
  for (;;) {
    const state = (await statesOf(session, [txn])).get(txn) ?? 'pending'
    if (state !== 'pending') return state
    if (await isAbandoned(session, txn)) return abort(session, txn)
    if (clock.monotonic() > until) return 'pending'
    await clock.sleep(interval)
  }
}

/**
 * Brings every large transaction that its writer has left behind to its end: what is committed is carried out, what is
 * not is taken back. Takes a little longer than a lease where one has no record; one that shows life is left alone.
 */
export const sweep = async (session: Session): Promise<Swept> => {
  const swept: Swept = { committed: 0, aborted: 0, left: 0 }
  await inParallel(8, await openTransactions(session), async (open) => {
    const state = await watched(session, open.txn)
    if (state === 'pending') swept.left++
    else {
      await carryOut(session, open, state)
      swept[state === 'aborted' ? 'aborted' : 'committed']++
    }
  })
  return swept
}
