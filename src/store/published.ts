/** A tenant's published definitions and announcement, for a function without rights to tables and without an SDK. */

import { type ClientRequest, type IncomingMessage, request as plainly } from 'node:http'
import { request as securely } from 'node:https'
import { text } from 'node:stream/consumers'
import type { Announcement, Definitions } from './definitions.ts'
import { presignedGet, type Signer } from './jobs/presign.ts'
import { publishedAnnouncementKey, publishedKey } from './keys.ts'

/** The bucket that definitions are published in, and the credentials to read it. */
export interface PublishedPlace {
  bucket: string
  signer: () => Signer
}

/** Uses `node:http` instead of the global `fetch`, whose loading would delay a cold start. */
const answered = (url: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? securely : plainly
    request(url, { timeout: 2_000 }, resolve)
      .once('error', reject)
      .once('timeout', function (this: ClientRequest) {
        this.destroy(new Error('The published definitions did not come in time.'))
      })
      .end()
  })

const fetched = async <T>({ bucket, signer }: PublishedPlace, key: string, none: T): Promise<T> => {
  const answer = await answered(presignedGet({ bucket, key }, signer(), Date.now()))
  const body = await text(answer)
  // Without the right to list the bucket, S3 answers 403 for an object that does not exist.
  return answer.statusCode === 200 ? (JSON.parse(body) as T) : none
}

/**
 * Returns a function that reads a published text by tenant, anew at each call: a write is announced when it is answered.
 * If the text cannot be read, returns the last known, or `none`.
 */
const openText = <T extends { version: number }>(
  place: PublishedPlace,
  keyOf: (tenant: string) => string,
  none: T,
) => {
  const known = new Map<string, T>()
  return async (tenant: string): Promise<T> => {
    const present = known.get(tenant) ?? none
    const newest = await fetched(place, keyOf(tenant), none).catch(() => present)
    const read = present.version === newest.version ? present : newest
    known.set(tenant, read)
    return read
  }
}

/** Returns the functions that read a tenant's published definitions and announcement. */
export const openPublished = (place: PublishedPlace) => ({
  definitions: openText<Definitions>(place, publishedKey, { version: 0, text: '[]' }),
  announcement: openText<Announcement>(place, publishedAnnouncementKey, { version: 0, text: '{}' }),
})
