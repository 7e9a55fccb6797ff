import { gunzipSync, gzipSync } from 'node:zlib'
import type { Clients } from '../dynamo/clients.ts'
import { bundleKey } from '../keys.ts'
import { decodeBody } from '../objects/body.ts'

/** The archive: posted Bundles and every version of every resource, in a bucket where nothing is changed. */
export interface Archive {
  /** Keeps the text of a posted Bundle. */
  bundle(tenant: string, id: string, text: string): Promise<void>
  /** Keeps a text under a key, compressed; the same text under the same key may be put again. */
  put(key: string, text: string): Promise<void>
  /** Returns the text under a key. */
  read(key: string): Promise<string>
  /** Keeps a text under a key without compression. */
  putPlain(key: string, text: string): Promise<void>
  /** Returns a text that was kept without compression. */
  readPlain(key: string): Promise<string>
  /** Removes an object; the bucket keeps it for 90 days as a noncurrent version. */
  remove(key: string): Promise<void>
  /** Returns all keys that begin so, in order. */
  keys(prefix: string): AsyncIterable<string>
  /** Returns the JSON text of a resource that is too large for its item. */
  body(key: string): Promise<string>
}

/** The archive's bucket and its client; tests set the clock. */
export interface ArchivePlace {
  bucket: string
  clients: Pick<Clients, 'bucket'>
  now?: () => number
}

const objectAt = ({ bucket, clients }: ArchivePlace, key: string): Promise<Uint8Array> =>
  clients.bucket.get(bucket, key)

const putText = ({ bucket, clients }: ArchivePlace, key: string, text: string): Promise<void> =>
  clients.bucket.put(bucket, key, gzipSync(text))

async function* keysUnder({ bucket, clients }: ArchivePlace, prefix: string): AsyncGenerator<string> {
  let after: string | undefined
  do {
    const { keys, more } = await clients.bucket.keys(bucket, prefix, after)
    yield* keys
    after = more ? keys.at(-1) : undefined
  } while (after !== undefined)
}

/** Returns the archive in a bucket. */
export const openArchive = (place: ArchivePlace): Archive => {
  const { now = Date.now } = place
  return {
    bundle: (tenant, id, text) => putText(place, bundleKey(tenant, new Date(now()).toISOString(), id), text),
    put: (key, text) => putText(place, key, text),
    read: async (key) => gunzipSync(await objectAt(place, key)).toString(),
    putPlain: (key, text) => place.clients.bucket.put(place.bucket, key, Buffer.from(text)),
    readPlain: async (key) => Buffer.from(await objectAt(place, key)).toString(),
    remove: (key) => place.clients.bucket.remove(place.bucket, key),
    keys: (prefix) => keysUnder(place, prefix),
    body: async (key) => decodeBody(await objectAt(place, key)),
  }
}
