/**
 * Merges the many small objects of a day: each batch of the stream writes an object for every type and day it
 * touched.
 */

import { archiveKey, archivePrefix, hashOf } from '../keys.ts'
import { inParallel } from '../parallel.ts'
import type { Archive } from './archive.ts'
import { parseArchiveLine } from './line.ts'
import { isPurged, type Purged, purgedIn } from './purged.ts'

/** The result of a compaction, in days and objects. */
export interface Compacted {
  days: number
  before: number
  after: number
  /** Whether the time was up before all days were seen. */
  more: boolean
}

/** The size of a compacted object in UTF-16 code units of its lines: about 3 MB compressed. */
const largestPart = 16 * 1024 * 1024
const objectsAtOnce = 16

const compactedPrefix = 'day-'

interface Day {
  tenant: string
  type: string
  date: string
  /** Objects of single batches, in their order. */
  keys: string[]
}

/** Returns the days before `until` that have more than one object of a single batch. */
async function* openDays(archive: Archive, tenant: string, until: string): AsyncGenerator<Day> {
  const prefix = archivePrefix(tenant)
  let day: Day = { tenant, type: '', date: '', keys: [] }
  for await (const key of archive.keys(prefix)) {
    const [type = '', date = '', file = ''] = key.slice(prefix.length).split('/')
    if (type !== day.type || date !== day.date) {
      if (day.keys.length > 1) yield day
      day = { tenant, type, date, keys: [] }
    }
    if (date < until && !file.startsWith(compactedPrefix)) day.keys.push(key)
  }
  if (day.keys.length > 1) yield day
}

/** Returns the lines of objects, unchanged, each version once, without purged versions. */
const uniqueLinesOf = (tenant: string, texts: readonly string[], purged: Purged): string[] => {
  const lines = new Map<string, string>()
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    if (line === '') continue
    const version = parseArchiveLine(tenant, line)
    if (!isPurged(purged, version)) lines.set(`${version.id}/${version.v}/${version.t}`, line)
  }
  return [...lines.values()]
}

/**
 * Writes the new object before it removes the old objects. An interruption leaves lines twice, and a restore
 * takes each version once.
 */
const replaceObjects = async (
  archive: Archive,
  day: Day,
  keys: readonly string[],
  lines: readonly string[],
) => {
  const text = lines.map((line) => `${line}\n`).join('')
  const name = `${compactedPrefix}${hashOf(text).slice(0, 20)}`
  if (text !== '') await archive.put(archiveKey(day.tenant, day.type, day.date, name), text)
  await inParallel(objectsAtOnce, keys, archive.remove)
  return text === '' ? 0 : 1
}

const compactDay = async (archive: Archive, day: Day, purged: Purged): Promise<number> => {
  let parts = 0
  let keys: string[] = []
  let texts: string[] = []
  const flush = async (): Promise<void> => {
    if (keys.length > 0)
      parts += await replaceObjects(archive, day, keys, uniqueLinesOf(day.tenant, texts, purged))
    keys = []
    texts = []
  }
  for (let at = 0; at < day.keys.length; at += objectsAtOnce) {
    const next = day.keys.slice(at, at + objectsAtOnce)
    keys.push(...next)
    texts.push(...(await inParallel(objectsAtOnce, next, archive.read)))
    if (texts.reduce((sum, { length }) => sum + length, 0) >= largestPart) await flush()
  }
  await flush()
  return parts
}

/**
 * Compacts a tenant's days before `until`, until the time is up; a later call goes on with the remaining
 * days.
 */
export const compactArchive = async (
  archive: Archive,
  tenant: string,
  until: string,
  isOver: () => boolean = () => false,
): Promise<Compacted> => {
  const purged = await purgedIn(archive, tenant)
  const done = { days: 0, before: 0, after: 0, more: false }
  for await (const day of openDays(archive, tenant, until)) {
    if (isOver()) return { ...done, more: true }
    done.days++
    done.before += day.keys.length
    done.after += await compactDay(archive, day, purged)
  }
  return done
}
