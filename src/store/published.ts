/** A tenant's definitions as they are read by who has no right to any table, and no SDK. */

import { type ClientRequest, type IncomingMessage, request as plainly } from 'node:http'
import { request as securely } from 'node:https'
import { text } from 'node:stream/consumers'
import { presignedGet, type Signer } from './jobs/presign.ts'
import { publishedKey } from './keys.ts'
import type { Definitions } from './port.ts'

/** Where definitions are published. */
export interface PublishedPlace {
  bucket: string
  signer: () => Signer
}

const none: Definitions = { version: 0, text: '[]' }

/** How long what was read is told again, in milliseconds. */
const trusted = 2_000

/** Global `fetch` would answer as well, but a cold start would wait until all of it is loaded. */
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
  return answer.statusCode === 200 ? (JSON.parse(body) as Definitions) : none
}

/** Returns what reads a tenant's published definitions; where they cannot be read, there are none to tell of. */
export const openPublished = (place: PublishedPlace) => {
  const known = new Map<string, { asked: number; definitions: Definitions }>()
  return async (tenant: string): Promise<Definitions> => {
    const present = known.get(tenant)
    if (present && Date.now() - present.asked < trusted) return present.definitions
    const read = await fetched(place, tenant).catch(() => present?.definitions ?? none)
    const definitions = present?.definitions.version === read.version ? present.definitions : read
    known.set(tenant, { asked: Date.now(), definitions })
    return definitions
  }
}
