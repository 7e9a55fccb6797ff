import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { failure } from '../../../outcome/failure.ts'
import type { Announcement } from '../../definitions.ts'
import { announcementKey, publishedAnnouncementKey } from '../../keys.ts'
import { getParams, nextPutParams } from '../params.ts'
import { errorName, getItem, putItem, putObject, type Session } from '../session.ts'

/** Returns a tenant's current announcement. Reads are consistent. */
export const currentAnnouncement = async (session: Session): Promise<Announcement> => {
  const { Item } = await getItem(session, getParams(session.tables.system, announcementKey(session.tenant)))
  if (!Item) return { version: 0, text: '{}' }
  return { version: Number(Item.v), text: inflateRawSync(Item.text as Uint8Array).toString() }
}

/**
 * Publishes the current announcement: each writer reads the announcement again after its put, so that the last writer
 * publishes the newest version.
 */
const publishCurrent = async (session: Session, written: Announcement): Promise<void> => {
  let published = written
  for (;;) {
    await putObject(session, publishedAnnouncementKey(session.tenant), Buffer.from(JSON.stringify(published)))
    const current = await currentAnnouncement(session)
    if (current.version === published.version) return
    published = current
  }
}

const isPublishedVersion = async (session: Session, { version, text }: Announcement): Promise<boolean> => {
  const current = await currentAnnouncement(session)
  return current.version === version && current.text === text
}

/**
 * Replaces the announcement of the previous version and publishes it; the announcement that is current already is only
 * published again. Fails with `version-conflict` if another writer was faster.
 */
export const putAnnouncement = async (session: Session, announcement: Announcement): Promise<void> => {
  const { version, text } = announcement
  const key = announcementKey(session.tenant)
  try {
    const values = { v: version, text: deflateRawSync(text) }
    await putItem(session, nextPutParams(session.tables.system, key, values))
  } catch (error) {
    if (errorName(error) !== 'ConditionalCheckFailedException') throw error
    if (!(await isPublishedVersion(session, announcement)))
      throw failure(
        'version-conflict',
        'The announced profiles were changed meanwhile. Try again in a moment.',
      )
  }
  await publishCurrent(session, announcement)
}
