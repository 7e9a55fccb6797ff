/**
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html — archives records that failed
 * earlier.
 */

import { failedPrefixes } from '../keys.ts'
import type { Archive } from './archive.ts'
import { archiveRecords, type StreamRecord } from './stream.ts'

/** The result of a replay. */
export interface Replayed {
  /** So many records are archived now, whose objects are gone. */
  records: number
  /** So many records failed again: their objects stay. */
  failed: readonly { key: string; reason: string; records: number }[]
  /** Whether the time was up before all objects were seen. */
  more: boolean
}

const recordsIn = (text: string): StreamRecord[] => {
  const { payload } = JSON.parse(text)
  const { Records } = JSON.parse(payload)
  return Records
}

const replayFailureOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)

const replayOne = async (archive: Archive, key: string): Promise<{ records: number; reason?: string }> => {
  try {
    const records = recordsIn(await archive.readPlain(key))
    const failed = await archiveRecords(records, archive)
    if (failed.length > 0) return { records: failed.length, reason: replayFailureOf(failed[0]?.error) }
    await archive.remove(key)
    return { records: records.length }
  } catch (error) {
    return { records: 0, reason: replayFailureOf(error) }
  }
}

/**
 * Archives the records that Lambda gave up on or that were set aside, until the time is up. Removes the
 * objects of records that succeed.
 */
export const replayFailed = async (
  archive: Archive,
  isOver: () => boolean = () => false,
): Promise<Replayed> => {
  const failed: { key: string; reason: string; records: number }[] = []
  let count = 0
  for (const prefix of failedPrefixes)
    for await (const key of archive.keys(prefix)) {
      if (isOver()) return { records: count, failed, more: true }
      const { records, reason } = await replayOne(archive, key)
      if (reason === undefined) count += records
      else failed.push({ key, reason, records })
    }
  return { records: count, failed, more: false }
}
