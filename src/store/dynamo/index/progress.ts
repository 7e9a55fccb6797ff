import type { Build, Progress } from '../../definitions.ts'
import { buildKey, progressKey } from '../../keys.ts'
import { writeAll } from '../batch.ts'
import { getParams, nextPutParams } from '../params.ts'
import { queryUpTo } from '../read/query-pages.ts'
import { betweenParams } from '../read/query-params.ts'
import { errorName, getItem, putItem, type Session } from '../session.ts'

/** Returns the progress of background work. Reads are consistent. */
export const readProgress = async (session: Session, name: string): Promise<Progress> => {
  const key = progressKey(session.tenant, name)
  const { Item } = await getItem(session, getParams(session.tables.system, key))
  return { v: Number(Item?.v ?? 0), text: String(Item?.text ?? '') }
}

/**
 * Keeps the progress of background work; returns false if another worker kept progress since. A put whose answer was lost
 * counts as kept.
 */
export const keepProgress = async (session: Session, name: string, kept: Progress): Promise<boolean> => {
  const { repeated } = session
  try {
    const key = progressKey(session.tenant, name)
    await putItem(session, nextPutParams(session.tables.system, key, kept))
    return true
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
    if (session.repeated === repeated) return false
    const now = await readProgress(session, name)
    return now.v === kept.v && now.text === kept.text
  }
}

/** Returns the builds that have written for a tenant. */
export const builds = async (session: Session): Promise<Build[]> => {
  const { pk } = buildKey(session.tenant, '')
  const params = betweenParams(session.tables.system, pk, { reverse: false, limit: 1000 })
  const items = await queryUpTo(session, params)
  return items.map(({ sk, types }) => ({ print: String(sk), types: types as Build['types'] }))
}

export const forgetBuilds = (session: Session, prints: readonly string[]): Promise<void> =>
  writeAll(
    session,
    prints.map((print) => ({ table: session.tables.system, remove: buildKey(session.tenant, print) })),
  )
