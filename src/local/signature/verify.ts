/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html — checks the signature of a
 * request.
 */
import { timingSafeEqual } from 'node:crypto'
import {
  type AccessKey,
  algorithm,
  queryPairs,
  type Service,
  type SignedMessage,
  type SigningScope,
  sha256,
  signatureOf,
  stampedInstant,
} from './canonical.ts'
import { type SignatureFault, signatureRefusal } from './faults.ts'

/** Returns the key with an id. */
export type Keyring = (accessKeyId: string) => AccessKey | undefined

/** A signature in a request's header or address. */
interface StatedSignature {
  accessKeyId: string
  scope: SigningScope
  terminated: boolean
  stamp: string
  names: readonly string[]
  signature: string
  token: string | undefined
  payloadHash: string
  /** The lifetime of a presigned address in seconds; undefined for a signature in the header. */
  seconds?: number
}

const headerValue = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(',') : value

/** Fields of `Credential`: the key's id may hold no slash. */
const credentialOf = (credential: string): Pick<StatedSignature, 'accessKeyId' | 'scope' | 'terminated'> => {
  const [accessKeyId = '', date = '', region = '', service = '', end, ...more] = credential.split('/')
  return {
    accessKeyId,
    scope: { date, region, service: service as Service },
    terminated: end === 'aws4_request' && more.length === 0,
  }
}

const inHeader = (
  { headers }: SignedMessage,
  service: Service,
  body: Uint8Array | undefined,
): StatedSignature | undefined => {
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
    stamp: headerValue(headers['x-amz-date']) ?? '',
    names: (fields.get('SignedHeaders') ?? '').split(';'),
    signature: fields.get('Signature') ?? '',
    token: headerValue(headers['x-amz-security-token']),
    payloadHash:
      service === 's3'
        ? (headerValue(headers['x-amz-content-sha256']) ?? '')
        : sha256(body ?? new Uint8Array()),
  }
}

const inAddress = ({ path, headers }: SignedMessage): StatedSignature | undefined => {
  const query = new Map(queryPairs(path))
  if (query.get('X-Amz-Algorithm') !== algorithm) return undefined
  return {
    ...credentialOf(query.get('X-Amz-Credential') ?? ''),
    stamp: query.get('X-Amz-Date') ?? '',
    names: (query.get('X-Amz-SignedHeaders') ?? '').split(';'),
    signature: query.get('X-Amz-Signature') ?? '',
    token: query.get('X-Amz-Security-Token'),
    payloadHash: headerValue(headers['x-amz-content-sha256']) ?? 'UNSIGNED-PAYLOAD',
    seconds: Number(query.get('X-Amz-Expires')),
  }
}

const week = 604_800

/**
 * Returns the seconds that a signature's time may be off: a quarter of an hour for S3, five minutes for further services.
 */
const skewOnAws = (service: Service): number => (service === 's3' ? 900 : 300)

const timeFault = (
  service: Service,
  { stamp, seconds, scope }: StatedSignature,
  now: number,
  skew: number,
): SignatureFault | undefined => {
  const late = (now - stampedInstant(stamp)) / 1000
  if (Number.isNaN(late) || !stamp.startsWith(scope.date)) return signatureRefusal(service, 'malformed')
  if (seconds === undefined) return Math.abs(late) > skew ? signatureRefusal(service, 'skewed') : undefined
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > week)
    return signatureRefusal(service, 'malformed')
  return late > seconds || late < -skew ? signatureRefusal(service, 'expired') : undefined
}

/**
 * Returns whether the host and all `x-amz-` headers are signed: such headers change the request, and an unsigned header
 * could come from anybody.
 */
const areSigned = ({ headers }: SignedMessage, names: readonly string[]): boolean =>
  names.includes('host') &&
  Object.keys(headers).every((name) => !name.startsWith('x-amz-') || names.includes(name))

const isHash = (payloadHash: string): boolean => /^[0-9a-f]{64}$/.test(payloadHash)

const payloadFault = (
  service: Service,
  { payloadHash }: StatedSignature,
  body: Uint8Array | undefined,
): SignatureFault | undefined => {
  if (service !== 's3' || payloadHash === 'UNSIGNED-PAYLOAD') return undefined
  if (!isHash(payloadHash)) return signatureRefusal(service, 'payload kind')
  return body === undefined || sha256(body) === payloadHash ? undefined : signatureRefusal(service, 'payload')
}

const isSameSignature = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

const keyFault = (
  service: Service,
  { token, ...stated }: StatedSignature,
  key: AccessKey | undefined,
): SignatureFault | undefined => {
  if (!stated.terminated || stated.scope.service !== service) return signatureRefusal(service, 'malformed')
  if (!key) return signatureRefusal(service, 'unknown key')
  return (key.sessionToken ?? '') === (token ?? '') ? undefined : signatureRefusal(service, 'token')
}

/** The keys and the clock that signatures are checked by. */
export interface SignatureCheck {
  keyring: Keyring
  /** Milliseconds since 1970; by default the machine's time. */
  now?: number
  /** Seconds that a signature's time may be off, by default as on AWS; 0 switches the check off. */
  mostSkew?: number
}

/**
 * Returns the reason for which AWS would refuse a request's signature, or undefined for a valid signature. The body may
 * be undefined for S3, and is then not compared with `x-amz-content-sha256`; DynamoDB and Cognito need it.
 */
export const signatureFault = (
  service: Service,
  message: SignedMessage,
  body: Uint8Array | undefined,
  { keyring, now = Date.now(), mostSkew = skewOnAws(service) }: SignatureCheck,
): SignatureFault | undefined => {
  const stated = inHeader(message, service, body) ?? (service === 's3' ? inAddress(message) : undefined)
  if (!stated) return signatureRefusal(service, 'unsigned')
  const key = keyring(stated.accessKeyId)
  const early = keyFault(service, stated, key) ?? timeFault(service, stated, now, mostSkew || Infinity)
  if (early || !key) return early ?? signatureRefusal(service, 'unknown key')
  if (!areSigned(message, stated.names)) return signatureRefusal(service, 'unsigned headers')
  const signature = signatureOf(message, stated, key.secretAccessKey)
  if (!isSameSignature(signature, stated.signature)) return signatureRefusal(service, 'mismatch')
  return payloadFault(service, stated, body)
}
