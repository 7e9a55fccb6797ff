/** https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gzip-compression-decompression.html */
import { deflateSync, gunzipSync, gzipSync } from 'node:zlib'
import type { WireRequest, WireResponse } from './event.ts'
import { maxRequestBytes, type RefusedRequest } from './limits.ts'

/**
 * Returns the body as API Gateway passes it on with compression enabled: inflated, without `Content-Encoding`; or a
 * refusal when the inflated body is too large or the body is not gzip.
 */
export const inflate = (
  rawHeaders: readonly string[],
  body: Buffer,
): Pick<WireRequest, 'rawHeaders' | 'body'> | RefusedRequest => {
  const place = rawHeaders.findIndex(
    (name, index) => index % 2 === 0 && name.toLowerCase() === 'content-encoding',
  )
  if (place < 0 || rawHeaders[place + 1]?.toLowerCase() !== 'gzip') return { rawHeaders, body }
  try {
    const inflated = gunzipSync(body, { maxOutputLength: maxRequestBytes })
    return { rawHeaders: rawHeaders.toSpliced(place, 2), body: inflated }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      ? { refused: 'REQUEST_TOO_LARGE', message: 'Request Too Long' }
      : { refused: 'DEFAULT_4XX', message: 'The body is not gzip, though its Content-Encoding says so.' }
  }
}

const encoders = { gzip: gzipSync, deflate: deflateSync }

/**
 * Returns the first of the gateway's encodings that the caller accepts; undefined when the header has neither, or only
 * with weight 0.
 */
const acceptedEncoding = (header: string | undefined): keyof typeof encoders | undefined => {
  const names = (header ?? '')
    .split(',')
    .map((part) => part.toLowerCase().replaceAll(' ', ''))
    .filter((part) => !/;q=0(?:\.0*)?$/.test(part))
    .map((part) => part.split(';')[0])
  return names.includes('gzip') ? 'gzip' : names.includes('deflate') ? 'deflate' : undefined
}

/** Compresses a whole answer of at least `leastBytes`, as API Gateway does; streamed answers are never compressed. */
export const compress = (
  response: WireResponse,
  acceptEncoding: string | undefined,
  leastBytes: number | undefined,
): WireResponse => {
  const encoding = acceptedEncoding(acceptEncoding)
  const isEncoded = response.headers.some(([name]) => name.toLowerCase() === 'content-encoding')
  if (leastBytes === undefined || !encoding || isEncoded || Buffer.byteLength(response.body) < leastBytes)
    return response
  const headers = response.headers.filter(([name]) => name.toLowerCase() !== 'content-length')
  return {
    ...response,
    headers: [...headers, ['Content-Encoding', encoding]],
    body: encoders[encoding](response.body),
  }
}
