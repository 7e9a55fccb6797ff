import type { Setting } from './database.ts'
import type { Engine, EngineRequest } from './engine.ts'
import { drawFault, type FaultName, faultsOfBucket } from './faults.ts'
import { cut, type Reply, xmlReply } from './reply.ts'
import { skewOf } from './signatures.ts'

/** Returns what answers the requests to S3. */
export const createBucket =
  (engine: Engine, setting: Setting): ((request: EngineRequest) => Promise<Reply>) =>
  async (request) => {
    const { options, count, chance } = setting
    count(`${request.method} object`)
    const skew = skewOf(request.headers, options().signatures.mostSkewSeconds, Date.now())
    if (skew)
      return xmlReply(403, 'RequestTimeTooSkewed', skewMessage, {
        RequestTime: skew.signed,
        ServerTime: skew.now,
      })
    const fault = drawFault(chance, options().faults, faultsOfBucket)
    if (!fault) return perform(engine, request)
    count(`fault ${fault.name}`)
    if (fault.takesEffect) await perform(engine, request)
    return fault.name === 'hung' ? cut(options().faults.hangMilliseconds) : bucketFault(fault.name)
  }

const skewMessage = 'The difference between the request time and the current time is too large.'

const perform = async (engine: Engine, request: EngineRequest): Promise<Reply> => ({
  kind: 'answer',
  ...(await engine.send(request)),
})

const bucketFault = (name: FaultName): Reply => {
  if (name === 'slowDown') return xmlReply(503, 'SlowDown', 'Please reduce your request rate.')
  if (name === 'expired') return xmlReply(400, 'ExpiredToken', 'The provided token has expired.')
  if (name === 'internal')
    return xmlReply(500, 'InternalError', 'We encountered an internal error. Please try again.')
  return cut()
}
