/** A tenant's definitions as they are read by who has no right to any table, and no SDK. */

import { publishedKey } from './keys.ts'
import type { Definitions } from './port.ts'
import { presignedGet, type Signer } from './presign.ts'

/** Where definitions are published. */
export interface PublishedPlace {
  bucket: string
  signer: () => Signer
}

const none: Definitions = { version: 0, text: '[]' }

/** How long what was read is told again, in milliseconds. */
const trusted = 2_000

const fetched = async ({ bucket, signer }: PublishedPlace, tenant: string): Promise<Definitions> => {
  const response = await fetch(presignedGet({ bucket, key: publishedKey(tenant) }, signer(), Date.now()))
  // Who may not list a bucket is told of what is not there that it is forbidden.
  return response.ok ? ((await response.json()) as Definitions) : none
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
