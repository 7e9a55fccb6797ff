import { journalKey, transactionKey } from '../keys.ts'
import { executeAll } from './batch.ts'
import type { ResourceItem } from './items.ts'
import { applyStatement, doneParams } from './params.ts'
import { errorName, getObject, pause, putObject, type Session, updateItem } from './session.ts'
import { isOverdue, recordedState, remember } from './transactions.ts'

/** How long a reader leaves an unfinished journal to its writer before it lends a hand, in milliseconds. */
const courtesy = 500

/** Turns the items of a journal into bytes. */
export const encodeJournal = (items: readonly ResourceItem[]): Uint8Array =>
  Buffer.from(
    JSON.stringify(
      items.map(({ body, ...item }) =>
        body ? { ...item, body: Buffer.from(body).toString('base64') } : item,
      ),
    ),
  )

/** Turns a journal's bytes back into items. */
export const decodeJournal = (bytes: Uint8Array): ResourceItem[] => {
  const items: (Omit<ResourceItem, 'body'> & { body?: string })[] = JSON.parse(Buffer.from(bytes).toString())
  return items.map(({ body, ...item }) =>
    body === undefined ? item : { ...item, body: Buffer.from(body, 'base64') },
  )
}

/** Writes down what a transaction is going to create, where readers do not look. */
export const keepJournal = async (
  session: Session,
  items: readonly ResourceItem[],
  txn: string,
): Promise<void> => {
  if (items.length > 0) await putObject(session, journalKey(session.tenant, txn), encodeJournal(items))
}

/** Creates what a committed transaction's journal says; what is there already stays as it is. */
export const applyJournal = async (
  session: Session,
  items: readonly ResourceItem[],
  txn: string,
): Promise<void> => {
  await executeAll(session, items, (item) => applyStatement(session.tables.resources, item, txn))
}

/** Notes that a transaction's journal is carried out, before anything else of it is folded in. */
export const markDone = async (session: Session, txn: string): Promise<void> => {
  try {
    await updateItem(session, doneParams(session.tables.system, transactionKey(session.tenant, txn)))
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
  }
  remember(session, txn, 'committed')
}

/** Returns once a committed transaction's journal is carried out, by its writer or, if that takes long, by us. */
export const finish = async (session: Session, txn: string, patience = courtesy): Promise<void> => {
  let waited = 0
  for (let attempt = 0; waited < patience && !isOverdue(session, txn); attempt++) {
    if ((await recordedState(session, txn)) !== 'unfinished') return
    waited += await pause(session, Math.min(attempt, 2))
  }
  const journal = decodeJournal(await getObject(session, journalKey(session.tenant, txn)))
  await applyJournal(session, journal, txn)
  await markDone(session, txn)
}
