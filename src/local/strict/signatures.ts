import type { IncomingHttpHeaders } from 'node:http'

/** Returns the instant of `20261130T215117Z` in milliseconds. */
const instantOf = (text: string): number =>
  Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))

const skewStamp = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace(/[-:]|\.\d{3}/g, '')

/** The offset of a signature's time. */
export interface SignatureSkew {
  signed: string
  now: string
  message: string
}

/**
 * Returns the offset of a request's signature time when it is more than allowed. A presigned address has no such header
 * and states its own lifetime. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
 */
export const skewOf = (
  headers: IncomingHttpHeaders,
  mostSeconds: number,
  now: number,
): SignatureSkew | undefined => {
  const signed = headers['x-amz-date']
  if (mostSeconds === 0 || typeof signed !== 'string') return undefined
  const off = instantOf(signed) - now
  if (Math.abs(off) <= mostSeconds * 1000) return undefined
  const most = `${mostSeconds / 60} min.`
  const message =
    off < 0
      ? `Signature expired: ${signed} is now earlier than ${skewStamp(now - mostSeconds * 1000)} (${skewStamp(now)} - ${most})`
      : `Signature not yet current: ${signed} is still later than ${skewStamp(now + mostSeconds * 1000)} (${skewStamp(now)} + ${most})`
  return { signed, now: new Date(now).toISOString(), message }
}

/** Returns the id of the key that a request was signed with, from its header or its address. */
export const accessKeyOf = (headers: IncomingHttpHeaders, path: string): string | undefined => {
  const { authorization = '' } = headers
  const inHeader = /Credential=([^/,\s]+)\//.exec(authorization)?.[1]
  return inHeader ?? new URL(path, 'http://local').searchParams.get('X-Amz-Credential')?.split('/')[0]
}
