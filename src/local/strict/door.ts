import type { IncomingMessage } from 'node:http'
import { isForeign } from '../gateway/callers.ts'
import type { Service } from '../signature/canonical.ts'
import { type SignatureFault, signatureRefusal } from '../signature/faults.ts'
import { type Keyring, signatureFault } from '../signature/verify.ts'
import { type EngineRequest, readWholeBody } from './engine.ts'
import { jsonReply, type Reply, xmlReply } from './reply.ts'

/** The check of a service's callers; without a keyring every request passes. */
export interface Guard {
  service: Service
  keyring: Keyring | undefined
  /** Returns the seconds that a signature's time may be off; 0 switches the check off. */
  mostSkewSeconds(): number
  /** Counts a refusal by its name. */
  count(name: string): void
}

/** The longest body that passes, in bytes: S3's may be an upload of 100 MB, DynamoDB takes 16 MB. */
const longestBody = { s3: 128 * 1024 * 1024, dynamodb: 16 * 1024 * 1024, 'cognito-idp': 1024 * 1024 }

const faultReply = (service: Service, { status, code, message }: SignatureFault): Reply =>
  service === 's3'
    ? xmlReply(status, code, message)
    : jsonReply(status, { __type: `com.amazon.coral.service#${code}`, message })

/**
 * Reads a whole request and returns it, or the refusal of a request that is not signed as AWS requires, or that comes
 * from a page of another site. Fails when the body breaks off: the bucket's engine would store the part that arrived.
 */
export const admit = async (
  { service, keyring, mostSkewSeconds, count }: Guard,
  message: IncomingMessage,
): Promise<EngineRequest | { refusal: Reply }> => {
  const { method = 'GET', url: path = '/', headers } = message
  const judge = (body: Buffer | undefined): SignatureFault | undefined =>
    keyring &&
    signatureFault(service, { method, path, headers }, body, { keyring, mostSkew: mostSkewSeconds() })
  const refuse = (fault: SignatureFault): { refusal: Reply } => {
    count(`refused ${fault.code}`)
    return { refusal: faultReply(service, fault) }
  }
  const early = isForeign(headers)
    ? signatureRefusal(service, 'unsigned')
    : service === 's3'
      ? judge(undefined)
      : undefined
  if (early) {
    message.resume()
    return refuse(early)
  }
  const body = await readWholeBody(message, longestBody[service])
  const fault = judge(body)
  return fault ? refuse(fault) : { method, path, headers, body }
}
