import { journalKey, transactionKey } from '../../keys.ts'
import { inChunks } from '../../parallel.ts'
import { executeAll, readAll } from '../batch.ts'
import type { ResourceItem } from '../items.ts'
import { applyStatement, doneParams } from '../params.ts'
import { errorName, getObject, pause, putObject, type Session, updateItem } from '../session.ts'
import { recordedState, remember } from './record.ts'
import { isLeft } from './watch.ts'

/** How long nothing of an unfinished journal must happen before a reader lends a hand, in milliseconds. */
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

/** Returns whether a journal was carried out before our patience came to its end. */
const isDone = async (session: Session, txn: string, patience: number): Promise<boolean> => {
  let waited = 0
  for (let attempt = 0; ; attempt++) {
    if ((await recordedState(session, txn)) !== 'unfinished') return true
    if (waited >= patience) return false
    waited += await pause(session, Math.min(attempt, 2))
  }
}

/** So many parts a journal is seen in: their last items are one BatchGetItem. */
const mostParts = 100

type Part = readonly ResourceItem[]

/** Returns the parts of a journal of which the last item is not there yet. */
const missingOf = async (session: Session, parts: readonly Part[]): Promise<Part[]> => {
  const lasts = parts.flatMap((part) => part.at(-1) ?? [])
  const there = await readAll<ResourceItem>(session, session.tables.resources, lasts)
  const found = new Set(there.map(({ pk }) => pk))
  return parts.filter((part) => !found.has(part.at(-1)?.pk ?? ''))
}

/** Returns what is missing once nobody carries the journal on; nothing where somebody has brought it to its end. */
const leftOver = async (
  session: Session,
  txn: string,
  parts: readonly Part[],
  patience: number,
): Promise<Part[] | undefined> => {
  for (let missing = await missingOf(session, parts); ; ) {
    // Spread by chance, so that of many who wait one begins, and the others see it.
    if (await isDone(session, txn, patience * (0.5 + Math.random()))) return undefined
    const still = await missingOf(session, parts)
    if (still.length === missing.length) return still
    missing = still
  }
}

/** Returns a journal; nothing where the transaction was closed meanwhile, whose journal went after it was done. */
const readJournal = async (session: Session, txn: string): Promise<ResourceItem[] | undefined> => {
  try {
    return decodeJournal(await getObject(session, journalKey(session.tenant, txn)))
  } catch (error) {
    if ((await recordedState(session, txn)) !== 'unfinished') return undefined
    throw error
  }
}

/**
 * Returns once a committed transaction's journal is carried out: by its writer, by whoever was quicker to step in for
 * him, or by us. As long as it goes on we wait, since many who do the same work make it slower for all.
 */
export const finish = async (session: Session, txn: string, patience = courtesy): Promise<void> => {
  if (await isDone(session, txn, isLeft(session, txn) ? 0 : patience)) return
  const journal = await readJournal(session, txn)
  if (!journal) return
  const parts = inChunks(journal, Math.ceil(journal.length / mostParts))
  const missing = await leftOver(session, txn, parts, patience)
  if (!missing) return
  const others = parts.filter((part) => !missing.includes(part))
  await applyJournal(session, [...missing, ...others].flat(), txn)
  await markDone(session, txn)
}
