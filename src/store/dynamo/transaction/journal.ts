import { journalKey, transactionKey } from '../../keys.ts'
import { inChunks } from '../../parallel.ts'
import { executeAll, readAll } from '../batch.ts'
import type { ResourceItem } from '../items.ts'
import { applyStatement, doneParams } from '../params.ts'
import { backOff, errorName, getObject, putObject, type Session, updateItem } from '../session.ts'
import { recordedState, rememberState } from './record.ts'
import { isLeftBehind } from './watch.ts'

/** The milliseconds without progress of an unfinished journal after which a reader carries it out. */
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

/** Stores the resources that a transaction is going to create as a journal in the bucket. */
export const keepJournal = async (
  session: Session,
  items: readonly ResourceItem[],
  txn: string,
): Promise<void> => {
  if (items.length > 0) await putObject(session, journalKey(session.tenant, txn), encodeJournal(items))
}

/** Creates the resources of a committed transaction's journal; resources that exist already stay unchanged. */
export const applyJournal = async (
  session: Session,
  items: readonly ResourceItem[],
  txn: string,
): Promise<void> => {
  await executeAll(session, items, (item) => applyStatement(session.tables.resources, item, txn))
}

/** Marks a transaction's journal as carried out, before any staged item is folded. */
export const markDone = async (session: Session, txn: string): Promise<void> => {
  try {
    await updateItem(session, doneParams(session.tables.system, transactionKey(session.tenant, txn)))
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
  }
  rememberState(session, txn, 'committed')
}

/** Returns whether a journal is carried out within `patience` milliseconds. */
const isDone = async (session: Session, txn: string, patience: number): Promise<boolean> => {
  let waited = 0
  for (let attempt = 0; ; attempt++) {
    if ((await recordedState(session, txn)) !== 'unfinished') return true
    if (waited >= patience) return false
    waited += await backOff(session, Math.min(attempt, 2))
  }
}

/** The most parts whose progress is watched: their last items are read by a single BatchGetItem. */
const mostParts = 100

type JournalPart = readonly ResourceItem[]

/** Returns the parts of a journal whose last item does not exist yet. */
const missingOf = async (session: Session, parts: readonly JournalPart[]): Promise<JournalPart[]> => {
  const lasts = parts.flatMap((part) => part.at(-1) ?? [])
  const there = await readAll<ResourceItem>(session, session.tables.resources, lasts)
  const found = new Set(there.map(({ pk }) => pk))
  return parts.filter((part) => !found.has(part.at(-1)?.pk ?? ''))
}

/** Returns the missing parts after nobody has carried the journal on for a while; undefined if others have finished it. */
const leftOver = async (
  session: Session,
  txn: string,
  parts: readonly JournalPart[],
  patience: number,
): Promise<JournalPart[] | undefined> => {
  for (let missing = await missingOf(session, parts); ; ) {
    // A random share of the patience, so that of many waiting readers the first begins and the rest see its progress.
    if (await isDone(session, txn, patience * (0.5 + Math.random()))) return undefined
    const still = await missingOf(session, parts)
    if (still.length === missing.length) return still
    missing = still
  }
}

/**
 * Returns a journal; undefined if the transaction was closed meanwhile, when the journal was removed after it was carried
 * out.
 */
const readJournal = async (session: Session, txn: string): Promise<ResourceItem[] | undefined> => {
  try {
    return decodeJournal(await getObject(session, journalKey(session.tenant, txn)))
  } catch (error) {
    if ((await recordedState(session, txn)) !== 'unfinished') return undefined
    throw error
  }
}

/**
 * Returns once a committed transaction's journal is carried out: by its writer, by a second reader, or by this process.
 * Waits as long as there is progress, since several processes that do the same work slow each other down.
 */
export const finishJournal = async (session: Session, txn: string, patience = courtesy): Promise<void> => {
  if (await isDone(session, txn, isLeftBehind(session, txn) ? 0 : patience)) return
  const journal = await readJournal(session, txn)
  if (!journal) return
  const parts = inChunks(journal, Math.ceil(journal.length / mostParts))
  const missing = await leftOver(session, txn, parts, patience)
  if (!missing) return
  const others = parts.filter((part) => !missing.includes(part))
  await applyJournal(session, [...missing, ...others].flat(), txn)
  await markDone(session, txn)
}
