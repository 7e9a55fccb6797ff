import type { IncomingMessage } from 'node:http'
import { isForeign } from '../gateway/callers.ts'
import type { Service } from '../signature/canonical.ts'
import { type Fault, faultOf } from '../signature/faults.ts'
import { type Keyring, signatureFault } from '../signature/verify.ts'
import { type EngineRequest, readBody } from './engine.ts'
import { jsonReply, type Reply, xmlReply } from './reply.ts'

/** How a service's callers are known; without a keyring everybody passes. */
export interface Guard {
  service: Service
  keyring: Keyring | undefined
  /** How far the time of a signature may be off, in seconds; 0 asks no time. */
  mostSkewSeconds(): number
  /** Counts a refusal by its name. */
  count(name: string): void
}

/** The longest body that passes, in bytes: S3's may be an upload of 100 MB, DynamoDB takes 16 MB. */
const longestBody = { s3: 128 * 1024 * 1024, dynamodb: 16 * 1024 * 1024, 'cognito-idp': 1024 * 1024 }

const replyOf = (service: Service, { status, code, message }: Fault): Reply =>
  service === 's3'
    ? xmlReply(status, code, message)
    : jsonReply(status, { __type: `com.amazon.coral.service#${code}`, message })

/**
 * Reads a request, all of it, and returns it, or the refusal of one that is not signed as AWS asks, or comes from a page of another
 * site. Fails where the body breaks off: the bucket's engine would keep its beginning.
 */
export const admit = async (
  { service, keyring, mostSkewSeconds, count }: Guard,
  message: IncomingMessage,
): Promise<EngineRequest | { refusal: Reply }> => {
  const { method = 'GET', url: path = '/', headers } = message
  const judge = (body: Buffer | undefined): Fault | undefined =>
    keyring &&
    signatureFault(service, { method, path, headers }, body, { keyring, mostSkew: mostSkewSeconds() })
  const refuse = (fault: Fault): { refusal: Reply } => {
    count(`refused ${fault.code}`)
    return { refusal: replyOf(service, fault) }
  }
  const early = isForeign(headers)
    ? faultOf(service, 'unsigned')
    : service === 's3'
      ? judge(undefined)
      : undefined
  if (early) {
    message.resume()
    return refuse(early)
  }
  const body = await readBody(message, longestBody[service])
  const fault = judge(body)
  return fault ? refuse(fault) : { method, path, headers, body }
}
