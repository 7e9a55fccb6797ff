/** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html — whether a request is signed as AWS asks. */
import { timingSafeEqual } from 'node:crypto'
import {
  algorithm,
  type Credentials,
  instantOf,
  type Message,
  queryOf,
  type Scope,
  type Service,
  sha256,
  signatureOf,
} from './canonical.ts'
import { type Fault, faultOf } from './faults.ts'

/** Returns the key with an id. */
export type Keyring = (accessKeyId: string) => Credentials | undefined

/** A signature as a request states it, by its header or by its address. */
interface Stated {
  accessKeyId: string
  scope: Scope
  terminated: boolean
  stamp: string
  names: readonly string[]
  signature: string
  token: string | undefined
  payloadHash: string
  /** How many seconds an address that was signed beforehand is valid; undefined for a request signed by its header. */
  seconds?: number
}

const text = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(',') : value

/** Fields of `Credential`: the key's id may hold no slash. */
const credentialOf = (credential: string): Pick<Stated, 'accessKeyId' | 'scope' | 'terminated'> => {
  const [accessKeyId = '', date = '', region = '', service = '', end, ...more] = credential.split('/')
  return {
    accessKeyId,
    scope: { date, region, service: service as Service },
    terminated: end === 'aws4_request' && more.length === 0,
  }
}

const inHeader = (
  { headers }: Message,
  service: Service,
  body: Uint8Array | undefined,
): Stated | undefined => {
  const { authorization = '' } = headers
  if (!authorization.startsWith(`${algorithm} `)) return undefined
  const fields = new Map(
    authorization
      .slice(algorithm.length)
      .split(',')
      .map((field) => [
        field.slice(0, field.indexOf('=')).trim(),
        field.slice(field.indexOf('=') + 1).trim(),
      ]),
  )
  return {
    ...credentialOf(fields.get('Credential') ?? ''),
    stamp: text(headers['x-amz-date']) ?? '',
    names: (fields.get('SignedHeaders') ?? '').split(';'),
    signature: fields.get('Signature') ?? '',
    token: text(headers['x-amz-security-token']),
    payloadHash:
      service === 's3' ? (text(headers['x-amz-content-sha256']) ?? '') : sha256(body ?? new Uint8Array()),
  }
}

const inAddress = ({ path, headers }: Message): Stated | undefined => {
  const query = new Map(queryOf(path))
  if (query.get('X-Amz-Algorithm') !== algorithm) return undefined
  return {
    ...credentialOf(query.get('X-Amz-Credential') ?? ''),
    stamp: query.get('X-Amz-Date') ?? '',
    names: (query.get('X-Amz-SignedHeaders') ?? '').split(';'),
    signature: query.get('X-Amz-Signature') ?? '',
    token: query.get('X-Amz-Security-Token'),
    payloadHash: text(headers['x-amz-content-sha256']) ?? 'UNSIGNED-PAYLOAD',
    seconds: Number(query.get('X-Amz-Expires')),
  }
}

const week = 604_800

/** How far a signature's time may be off, in seconds: S3 allows a quarter of an hour, the other services five minutes. */
const skewOnAws = (service: Service): number => (service === 's3' ? 900 : 300)

const timeFault = (
  service: Service,
  { stamp, seconds, scope }: Stated,
  now: number,
  skew: number,
): Fault | undefined => {
  const late = (now - instantOf(stamp)) / 1000
  if (Number.isNaN(late) || !stamp.startsWith(scope.date)) return faultOf(service, 'malformed')
  if (seconds === undefined) return Math.abs(late) > skew ? faultOf(service, 'skewed') : undefined
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > week) return faultOf(service, 'malformed')
  return late > seconds || late < -skew ? faultOf(service, 'expired') : undefined
}

/** Headers beginning with `x-amz-` change what is asked, so an unsigned one could be anybody's. */
const areSigned = ({ headers }: Message, names: readonly string[]): boolean =>
  names.includes('host') &&
  Object.keys(headers).every((name) => !name.startsWith('x-amz-') || names.includes(name))

const isHash = (payloadHash: string): boolean => /^[0-9a-f]{64}$/.test(payloadHash)

const payloadFault = (
  service: Service,
  { payloadHash }: Stated,
  body: Uint8Array | undefined,
): Fault | undefined => {
  if (service !== 's3' || payloadHash === 'UNSIGNED-PAYLOAD') return undefined
  if (!isHash(payloadHash)) return faultOf(service, 'payload kind')
  return body === undefined || sha256(body) === payloadHash ? undefined : faultOf(service, 'payload')
}

const isSame = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

const keyFault = (
  service: Service,
  { token, ...stated }: Stated,
  key: Credentials | undefined,
): Fault | undefined => {
  if (!stated.terminated || stated.scope.service !== service) return faultOf(service, 'malformed')
  if (!key) return faultOf(service, 'unknown key')
  return (key.sessionToken ?? '') === (token ?? '') ? undefined : faultOf(service, 'token')
}

/** What signatures are judged by. */
export interface Judge {
  keyring: Keyring
  /** Milliseconds since 1970; the machine's time where it is not given. */
  now?: number
  /** How far a signature's time may be off, in seconds, where that is not as on AWS; 0 asks no time. */
  mostSkew?: number
}

/**
 * Returns why AWS would refuse a request by its signature, or undefined where it would not. S3's bodies may be left out, and
 * are then not compared with `x-amz-content-sha256`; DynamoDB's and Cognito's may not.
 */
export const signatureFault = (
  service: Service,
  message: Message,
  body: Uint8Array | undefined,
  { keyring, now = Date.now(), mostSkew = skewOnAws(service) }: Judge,
): Fault | undefined => {
  const stated = inHeader(message, service, body) ?? (service === 's3' ? inAddress(message) : undefined)
  if (!stated) return faultOf(service, 'unsigned')
  const key = keyring(stated.accessKeyId)
  const early = keyFault(service, stated, key) ?? timeFault(service, stated, now, mostSkew || Infinity)
  if (early || !key) return early ?? faultOf(service, 'unknown key')
  if (!areSigned(message, stated.names)) return faultOf(service, 'unsigned headers')
  const signature = signatureOf(message, stated, key.secretAccessKey)
  if (!isSame(signature, stated.signature)) return faultOf(service, 'mismatch')
  return payloadFault(service, stated, body)
}
