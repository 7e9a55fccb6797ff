/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
import { createHash, createHmac } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export type Service = 'dynamodb' | 's3' | 'cognito-idp'

/** The key that requests are signed with. */
export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

/** A request as its signature covers it. */
export interface Message {
  method: string
  /** Path and query as they came. */
  path: string
  headers: IncomingHttpHeaders
}

/** The date, region and service that a signature holds for; the date is `20261130`. */
export interface Scope {
  date: string
  region: string
  service: Service
}

export const algorithm = 'AWS4-HMAC-SHA256'

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** Returns milliseconds as `20261130T215117Z`. */
export const stampOf = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace(/[-:]|\.\d{3}/g, '')

/** Returns the milliseconds of `20261130T215117Z`; NaN for any other text. */
export const instantOf = (stamp: string): number =>
  Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))

export const scopeText = ({ date, region, service }: Scope): string =>
  `${date}/${region}/${service}/aws4_request`

const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** Returns the text without its percent-encoding; one that is wrong stays as it is. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Returns the parameters of a query, decoded; a plus sign is one. */
export const queryOf = (path: string): [name: string, value: string][] => {
  const start = path.indexOf('?')
  const parts = start < 0 ? [] : path.slice(start + 1).split('&')
  return parts
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=')
      return at < 0 ? [decoded(part), ''] : [decoded(part.slice(0, at)), decoded(part.slice(at + 1))]
    })
}

/** S3 signs the path as it is sent, every other service encodes it once more. */
const canonicalPath = (path: string, service: Service): string => {
  const segments = (path.split('?')[0] ?? '').split('/')
  return segments.map((segment) => encoded(service === 's3' ? decoded(segment) : segment)).join('/') || '/'
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const canonicalQuery = (path: string): string =>
  queryOf(path)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .toSorted(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

const headerText = (value: string | string[] | undefined): string =>
  [value ?? []].flat().join(',').trim().replace(/ +/g, ' ')

const canonicalOf = (
  { method, path, headers }: Message,
  service: Service,
  names: readonly string[],
  payloadHash: string,
): string => {
  const lines = names.map((name) => `${name}:${headerText(headers[name])}\n`).join('')
  const query = canonicalQuery(path)
  return `${method}\n${canonicalPath(path, service)}\n${query}\n${lines}\n${names.join(';')}\n${payloadHash}`
}

const keys = new Map<string, Buffer>()

/** Deriving a key takes four digests; a stack has a few keys, each of a day. */
const keyOf = (secret: string, { date, region, service }: Scope): Buffer => {
  const name = `${secret}/${date}/${region}/${service}`
  const known = keys.get(name)
  if (known) return known
  const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(hmac, `AWS4${secret}`) as Buffer
  if (keys.size > 100) keys.clear()
  keys.set(name, key)
  return key
}

/** A request's signature, but for what the request itself holds. */
export interface Signing {
  scope: Scope
  /** The time of the signature, as `20261130T215117Z`. */
  stamp: string
  /** The names of the headers that are signed, in lower case and in order. */
  names: readonly string[]
  payloadHash: string
}

/** Returns the signature of a request, in hexadecimal digits. */
export const signatureOf = (
  message: Message,
  { scope, stamp, names, payloadHash }: Signing,
  secret: string,
): string => {
  const canonical = canonicalOf(message, scope.service, names, payloadHash)
  const text = `${algorithm}\n${stamp}\n${scopeText(scope)}\n${sha256(canonical)}`
  return hmac(keyOf(secret, scope), text).toString('hex')
}
