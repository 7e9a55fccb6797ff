import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { failure } from '../outcome/failure.ts'

/** How a body is encoded is said by its first byte, so that another codec can come beside this one. */
const deflated = 1

/** Above this many bytes an encoded body goes to the bucket: an item holds 400 KB, keys and attributes included. */
export const longestInlineBody = 350 * 1024

/** Turns a resource's JSON text into stored bytes. */
export const encodeBody = (text: string): Uint8Array => {
  const packed = deflateRawSync(text, { level: 6 })
  const body = new Uint8Array(packed.length + 1)
  body[0] = deflated
  body.set(packed, 1)
  return body
}

/** Turns stored bytes back into the resource's JSON text; fails with `fault` for an unknown codec. */
export const decodeBody = (body: Uint8Array): string => {
  if (body[0] !== deflated) throw failure('fault', `A stored body has the unknown codec \`${body[0]}\`.`)
  return inflateRawSync(body.subarray(1)).toString()
}
