/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
import { createHash, createHmac } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export type Service = 'dynamodb' | 's3' | 'cognito-idp'

/** The key that requests are signed with. */
export interface AccessKey {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

/** The parts of a request that its signature covers. */
export interface SignedMessage {
  method: string
  /** Path and query as they came. */
  path: string
  headers: IncomingHttpHeaders
}

/** The date, region and service that a signature is valid for; the date is `20261130`. */
export interface SigningScope {
  date: string
  region: string
  service: Service
}

export const algorithm = 'AWS4-HMAC-SHA256'

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

const hmacSha256 = (key: string | Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest()

/** Returns milliseconds as `20261130T215117Z`. */
export const signatureStamp = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace(/[-:]|\.\d{3}/g, '')

/** Returns the milliseconds of `20261130T215117Z`; NaN for any other text. */
export const stampedInstant = (stamp: string): number =>
  Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))

export const scopeText = ({ date, region, service }: SigningScope): string =>
  `${date}/${region}/${service}/aws4_request`

const percentEncoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** Returns the text without its percent-encoding; invalid encoding stays as it is. */
const percentDecoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Returns the decoded parameters of a query; a plus sign is a plus sign, not a space. */
export const queryPairs = (path: string): [name: string, value: string][] => {
  const start = path.indexOf('?')
  const parts = start < 0 ? [] : path.slice(start + 1).split('&')
  return parts
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=')
      return at < 0
        ? [percentDecoded(part), '']
        : [percentDecoded(part.slice(0, at)), percentDecoded(part.slice(at + 1))]
    })
}

/** Returns the path as signed: S3 signs the path as sent, further services encode it a second time. */
const canonicalPath = (path: string, service: Service): string => {
  const segments = (path.split('?')[0] ?? '').split('/')
  return (
    segments
      .map((segment) => percentEncoded(service === 's3' ? percentDecoded(segment) : segment))
      .join('/') || '/'
  )
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const canonicalQuery = (path: string): string =>
  queryPairs(path)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [percentEncoded(name), percentEncoded(value)] as const)
    .toSorted(([a, x], [b, y]) => compareText(a, b) || compareText(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

const headerText = (value: string | string[] | undefined): string =>
  [value ?? []].flat().join(',').trim().replace(/ +/g, ' ')

const canonicalRequest = (
  { method, path, headers }: SignedMessage,
  service: Service,
  names: readonly string[],
  payloadHash: string,
): string => {
  const lines = names.map((name) => `${name}:${headerText(headers[name])}\n`).join('')
  const query = canonicalQuery(path)
  return `${method}\n${canonicalPath(path, service)}\n${query}\n${lines}\n${names.join(';')}\n${payloadHash}`
}

const keys = new Map<string, Buffer>()

/** Returns the derived key, remembered because deriving takes four digests; a stack has few keys, each for a day. */
const signingKey = (secret: string, { date, region, service }: SigningScope): Buffer => {
  const name = `${secret}/${date}/${region}/${service}`
  const known = keys.get(name)
  if (known) return known
  const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(
    hmacSha256,
    `AWS4${secret}`,
  ) as Buffer
  if (keys.size > 100) keys.clear()
  keys.set(name, key)
  return key
}

/** The parts of a signature beyond the request itself. */
export interface Signing {
  scope: SigningScope
  /** The time of the signature, as `20261130T215117Z`. */
  stamp: string
  /** The names of the headers that are signed, in lower case and in order. */
  names: readonly string[]
  payloadHash: string
}

/** Returns the signature of a request, in hexadecimal digits. */
export const signatureOf = (
  message: SignedMessage,
  { scope, stamp, names, payloadHash }: Signing,
  secret: string,
): string => {
  const canonical = canonicalRequest(message, scope.service, names, payloadHash)
  const text = `${algorithm}\n${stamp}\n${scopeText(scope)}\n${sha256(canonical)}`
  return hmacSha256(signingKey(secret, scope), text).toString('hex')
}
