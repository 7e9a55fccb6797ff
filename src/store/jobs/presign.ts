/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */

import { createHash, createHmac } from 'node:crypto'

/** The credentials that sign, the region, and the endpoint on a laptop. */
export interface Signer {
  region: string
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
  /** Only on a laptop: where the engine listens. */
  endpoint?: string | undefined
}

/** The object that the holder of an upload address may put, and for how many seconds. */
export interface Upload {
  bucket: string
  key: string
  bytes: number
  contentType: string
  seconds: number
}

const signatureEncoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** An object of a bucket. */
interface BucketObject {
  bucket: string
  key: string
}

const objectUrl = ({ bucket, key }: BucketObject, { endpoint, region }: Signer): URL => {
  const path = key.split('/').map(signatureEncoded).join('/')
  return new URL(
    endpoint ? `${endpoint}/${bucket}/${path}` : `https://${bucket}.s3.${region}.amazonaws.com/${path}`,
  )
}

/** A request to be signed; its sender sends these headers too. */
interface Signed extends BucketObject {
  method: 'GET' | 'PUT'
  seconds: number
  headers: Readonly<Record<string, string>>
}

const presigned = ({ method, headers, seconds, ...place }: Signed, signer: Signer, now: number): string => {
  const { region, accessKeyId, secretAccessKey, sessionToken } = signer
  const url = objectUrl(place, signer)
  const time = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`
  const sent = Object.entries({ ...headers, host: url.host })
  const names = sent.map(([name]) => name).join(';')
  const query = Object.entries({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD',
    'X-Amz-Credential': `${accessKeyId}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(seconds),
    ...(sessionToken && { 'X-Amz-Security-Token': sessionToken }),
    'X-Amz-SignedHeaders': names,
  })
    .map(([name, value]) => `${name}=${signatureEncoded(value)}`)
    .join('&')
  const lines = sent.map(([name, value]) => `${name}:${value}\n`).join('')
  const canonical = `${method}\n${url.pathname}\n${query}\n${lines}\n${names}\nUNSIGNED-PAYLOAD`
  const digest = createHash('sha256').update(canonical).digest('hex')
  const key = [time.slice(0, 8), region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (before, part) => hmac(before, part),
    `AWS4${secretAccessKey}`,
  )
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${digest}`).toString('hex')
  return `${url.origin}${url.pathname}?${query}&X-Amz-Signature=${signature}`
}

/**
 * Returns the address for a PUT of an object of exactly this size and type; the sender needs no other right.
 */
export const presignedPut = (upload: Upload, signer: Signer, now: number): string => {
  const { bucket, key, bytes, contentType, seconds } = upload
  const headers = { 'content-length': String(bytes), 'content-type': contentType }
  return presigned({ method: 'PUT', bucket, key, seconds, headers }, signer, now)
}

/** Returns the address for a GET of an object, valid for a minute. */
export const presignedGet = (place: BucketObject, signer: Signer, now: number): string =>
  presigned({ method: 'GET', ...place, seconds: 60, headers: {} }, signer, now)
