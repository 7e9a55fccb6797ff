/** A day's many small objects become few: a type's day has an object for each batch of the stream that touched it. */

import { archiveKey, archivePrefix, hashOf } from '../keys.ts'
import { inParallel } from '../parallel.ts'
import type { Archive } from './archive.ts'
import { parseArchiveLine } from './line.ts'
import { isPurged, type Purged, purgedIn } from './purged.ts'

/** What a compaction came to, in objects. */
export interface Compacted {
  days: number
  before: number
  after: number
  /** Whether the time was up before all days were seen. */
  more: boolean
}

/** How many UTF-16 code units of lines make an object: about 3 MB compressed. */
const largestPart = 16 * 1024 * 1024
const objectsAtOnce = 16

const compacted = 'day-'

interface Day {
  tenant: string
  type: string
  date: string
  /** Objects of single batches, in their order. */
  keys: string[]
}

/** Returns the days before one that have more than one object of a single batch. */
async function* openDays(archive: Archive, tenant: string, until: string): AsyncGenerator<Day> {
  const prefix = archivePrefix(tenant)
  let day: Day = { tenant, type: '', date: '', keys: [] }
  for await (const key of archive.keys(prefix)) {
    const [type = '', date = '', file = ''] = key.slice(prefix.length).split('/')
    if (type !== day.type || date !== day.date) {
      if (day.keys.length > 1) yield day
      day = { tenant, type, date, keys: [] }
    }
    if (date < until && !file.startsWith(compacted)) day.keys.push(key)
  }
  if (day.keys.length > 1) yield day
}

/** Returns the lines of objects, each version once and purged ones left out; a line stays as it is. */
const linesOf = (tenant: string, texts: readonly string[], purged: Purged): string[] => {
  const lines = new Map<string, string>()
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    if (line === '') continue
    const version = parseArchiveLine(tenant, line)
    if (!isPurged(purged, version)) lines.set(`${version.id}/${version.v}/${version.t}`, line)
  }
  return [...lines.values()]
}

/** An object is there before those whose lines it has are removed: a restore takes each version once, whatever stops this. */
const replaceObjects = async (
  archive: Archive,
  day: Day,
  keys: readonly string[],
  lines: readonly string[],
) => {
  const text = lines.map((line) => `${line}\n`).join('')
  const name = `${compacted}${hashOf(text).slice(0, 20)}`
  if (text !== '') await archive.put(archiveKey(day.tenant, day.type, day.date, name), text)
  await inParallel(objectsAtOnce, keys, archive.remove)
  return text === '' ? 0 : 1
}

const compactDay = async (archive: Archive, day: Day, purged: Purged): Promise<number> => {
  let parts = 0
  let keys: string[] = []
  let texts: string[] = []
  const flush = async (): Promise<void> => {
    if (keys.length > 0) parts += await replaceObjects(archive, day, keys, linesOf(day.tenant, texts, purged))
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

/** Compacts a tenant's days before one, until the time is up; what is done is not done again. */
export const compact = async (
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
