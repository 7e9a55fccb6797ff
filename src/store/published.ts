/** A tenant's definitions as they are read by who has no right to any table, and no SDK. */

import { type ClientRequest, type IncomingMessage, request as plainly } from 'node:http'
import { request as securely } from 'node:https'
import { text } from 'node:stream/consumers'
import type { Definitions } from './definitions.ts'
import { presignedGet, type Signer } from './jobs/presign.ts'
import { publishedKey } from './keys.ts'

/** The bucket that definitions are published in, and the credentials to read it. */
export interface PublishedPlace {
  bucket: string
  signer: () => Signer
}

const noDefinitions: Definitions = { version: 0, text: '[]' }

/** The time for which a read answer is used again, in milliseconds. */
const reuseTime = 2_000

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

const fetched = async ({ bucket, signer }: PublishedPlace, tenant: string): Promise<Definitions> => {
  const answer = await answered(presignedGet({ bucket, key: publishedKey(tenant) }, signer(), Date.now()))
  const body = await text(answer)
  // Who may not list a bucket is told of what is not there that it is forbidden.
  return answer.statusCode === 200 ? (JSON.parse(body) as Definitions) : noDefinitions
}

/**
 * Returns a function that reads a tenant's published definitions; if they cannot be read, it returns the last
 * known, or none.
 */
export const openPublished = (place: PublishedPlace) => {
  const known = new Map<string, { asked: number; definitions: Definitions }>()
  return async (tenant: string): Promise<Definitions> => {
    const present = known.get(tenant)
    if (present && Date.now() - present.asked < reuseTime) return present.definitions
    const read = await fetched(place, tenant).catch(() => present?.definitions ?? noDefinitions)
    const definitions = present?.definitions.version === read.version ? present.definitions : read
    known.set(tenant, { asked: Date.now(), definitions })
    return definitions
  }
}
