import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { failure } from '../../outcome/failure.ts'

/** The first byte of a body names its codec, so that a new codec can be added. */
const deflated = 1
/** Base64 data as bytes, behind the text around it and the length of that text. */
const withBytes = 2

/** Above this many bytes an encoded body goes to the bucket: an item holds 400 KB, keys and attributes included. */
export const longestInlineBody = 350 * 1024

/** Shorter base64 is deflated with the rest. */
const longData = 64 * 1024

const aroundData = (text: string): [before: string, data: Buffer, after: string] | undefined => {
  if (text.length < longData || !text.includes('"Binary"')) return undefined
  const start = /"data"\s*:\s*"/.exec(text)
  if (!start) return undefined
  const from = start.index + start[0].length
  const to = text.indexOf('"', from)
  const base64 = text.slice(from, to)
  const data = Buffer.from(base64, 'base64')
  const same = base64.length >= longData && data.toString('base64') === base64
  return same ? [text.slice(0, from), data, text.slice(to)] : undefined
}

const encodeAround = (before: string, data: Buffer, after: string): Uint8Array => {
  const packed = deflateRawSync(JSON.stringify([before, after]))
  const head = Buffer.alloc(5)
  head[0] = withBytes
  head.writeUInt32BE(packed.length, 1)
  return Buffer.concat([head, packed, data])
}

const decodeAround = (body: Uint8Array): string => {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  const end = 5 + bytes.readUInt32BE(1)
  const [before, after] = JSON.parse(inflateRawSync(bytes.subarray(5, end)).toString())
  return `${before}${bytes.toString('base64', end)}${after}`
}

/** Turns a resource's JSON text into stored bytes. */
export const encodeBody = (text: string): Uint8Array => {
  const around = aroundData(text)
  if (around) return encodeAround(...around)
  const packed = deflateRawSync(text, { level: 6 })
  const body = new Uint8Array(packed.length + 1)
  body[0] = deflated
  body.set(packed, 1)
  return body
}

/** Turns stored bytes back into the resource's JSON text; fails with `fault` for an unknown codec. */
export const decodeBody = (body: Uint8Array): string => {
  if (body[0] === withBytes) return decodeAround(body)
  if (body[0] !== deflated) throw failure('fault', `A stored body has the unknown codec \`${body[0]}\`.`)
  return inflateRawSync(body.subarray(1)).toString()
}
