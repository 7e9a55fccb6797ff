import type { Setting } from './database.ts'
import type { EngineConnection, EngineRequest } from './engine.ts'
import { drawFault, type FaultName, faultsOfBucket } from './faults.ts'
import { cutReply, type Reply, xmlReply } from './reply.ts'
import { denialMessage, verdictOf } from './rights/callers.ts'
import { allowing } from './rights/policy.ts'
import { bucketUses, requestedObject } from './rights/uses.ts'
import { accessKeyOf, skewOf } from './signatures.ts'

/** Returns the handler of requests to S3. */
export const createBucket =
  (engine: EngineConnection, setting: Setting): ((request: EngineRequest) => Promise<Reply>) =>
  async (request) => {
    const { options, count, chance } = setting
    count(`${request.method} object`)
    const refusal = bucketRefusal(setting, request)
    if (refusal) return refusal
    const fault = drawFault(chance, options().faults, faultsOfBucket)
    if (!fault) return hiding(setting, request, await performInBucket(engine, request))
    count(`fault ${fault.name}`)
    if (fault.takesEffect) await performInBucket(engine, request)
    return fault.name === 'hung' ? cutReply(options().faults.hangMilliseconds) : bucketFault(fault.name)
  }

/** Returns the refusal of a request that is signed wrongly or not allowed. */
const bucketRefusal = (
  { options, principals, ledger }: Setting,
  request: EngineRequest,
): Reply | undefined => {
  const { method, path, headers } = request
  const skew = skewOf(headers, options().signatures.mostSkewSeconds, Date.now())
  if (skew)
    return xmlReply(403, 'RequestTimeTooSkewed', skewMessage, {
      RequestTime: skew.signed,
      ServerTime: skew.now,
    })
  if (method === 'OPTIONS') return undefined
  const verdict = verdictOf(principals, ledger, request, () => bucketUses(method, path))
  if (verdict.kind === 'unknown')
    return xmlReply(
      403,
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
    )
  if (verdict.kind === 'denied')
    return xmlReply(403, 'AccessDenied', denialMessage(verdict.principal, verdict.use))
  return undefined
}

/**
 * Returns the answer; S3's 404 becomes 403 for a caller without the right to list the bucket, who may not learn that an
 * object is missing.
 */
const hiding = ({ principals }: Setting, { method, path, headers }: EngineRequest, reply: Reply): Reply => {
  if (reply.kind !== 'answer' || reply.status !== 404 || !principals) return reply
  if (method !== 'GET' && method !== 'HEAD') return reply
  const principal = principals.get(accessKeyOf(headers, path) ?? '')
  const use = { action: 's3:ListBucket', resource: `arn:aws:s3:::${requestedObject(path).bucket}` }
  if (!principal || allowing(principal, use)) return reply
  return xmlReply(403, 'AccessDenied', denialMessage(principal, use))
}

const skewMessage = 'The difference between the request time and the current time is too large.'

/** Sends the request to the engine under the engine's only account, once rights and signature are checked. */
const performInBucket = async (engine: EngineConnection, request: EngineRequest): Promise<Reply> => {
  const { headers, path } = request
  const { authorization } = headers
  const answer = await engine.send({
    ...request,
    path: path.replace(/(X-Amz-Credential=)[^%/&]+/, `$1${engineAccount}`),
    headers: {
      ...headers,
      ...(authorization && {
        authorization: authorization.replace(/Credential=[^/]+/, `Credential=${engineAccount}`),
      }),
    },
  })
  return { kind: 'answer', ...answer }
}

const engineAccount = 'S3RVER'

const bucketFault = (name: FaultName): Reply => {
  if (name === 'slowDown') return xmlReply(503, 'SlowDown', 'Please reduce your request rate.')
  if (name === 'expired') return xmlReply(400, 'ExpiredToken', 'The provided token has expired.')
  if (name === 'internal')
    return xmlReply(500, 'InternalError', 'We encountered an internal error. Please try again.')
  return cutReply()
}
