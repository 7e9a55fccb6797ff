import { progressKey } from '../keys.ts'
import type { Progress } from '../port.ts'
import { getParams, nextPutParams } from './params.ts'
import { errorName, getItem, putItem, type Session } from './session.ts'

/** Returns how far work in the background has come. */
export const progress = async (session: Session, name: string): Promise<Progress> => {
  const key = progressKey(session.tenant, name)
  const { Item } = await getItem(session, getParams(session.tables.system, key))
  return { v: Number(Item?.v ?? 0), text: String(Item?.text ?? '') }
}

/** Keeps how far it has come; returns false where it is not the next version any more. */
export const keepProgress = async (session: Session, name: string, kept: Progress): Promise<boolean> => {
  try {
    const key = progressKey(session.tenant, name)
    await putItem(session, nextPutParams(session.tables.system, key, kept))
    return true
  } catch (error) {
    if (errorName(error) === 'ConditionalCheckFailedException') return false
    throw error
  }
}
