import type { IncomingHttpHeaders } from 'node:http'
import type { Chance } from './chance.ts'
import { createOperations } from './dynamodb/operations.ts'
import { fields, refusedAnswer, type SendOperation, type WireAnswer, type WireJson } from './dynamodb/wire.ts'
import type { StrictContext } from './dynamodb/writes.ts'
import type { EngineConnection, EngineRequest } from './engine.ts'
import { type DrawnFault, databaseFault, drawFault, faultsOfDatabase } from './faults.ts'
import type { HeatMeter } from './heat/meter.ts'
import { performMetered } from './heat/metered.ts'
import type { StrictOptions } from './options.ts'
import { cutReply, jsonReply, type Reply } from './reply.ts'
import { denialMessage, type Principals, verdictOf } from './rights/callers.ts'
import type { Ledger } from './rights/ledger.ts'
import { databaseUses } from './rights/uses.ts'
import { skewOf } from './signatures.ts'

/** The options, rights, faults and limits that every request to an engine is checked by. */
export interface Setting {
  options(): StrictOptions
  chance: Chance
  /** Counts a call or a fault by its name. */
  count(name: string): void
  principals: Principals | undefined
  ledger: Ledger
  meter: HeatMeter
}

/** The region and account that the local stack claims to be in. */
const localPlace = { region: 'local', account: '000000000000' }
const prefix = 'DynamoDB_20120810.'

/** Returns the handler of requests to DynamoDB. */
export const createDatabase = (
  engine: EngineConnection,
  setting: Setting,
  context: StrictContext,
): ((request: EngineRequest) => Promise<Reply>) => {
  const operationOf = createOperations()

  const perform = (operation: string, asked: WireJson, headers: IncomingHttpHeaders): Promise<WireAnswer> => {
    const send = engineSender(engine, headers)
    const schemaOf = (table: string) => context.tables.schema(table, send)
    const throttled = (): WireAnswer => {
      setting.count('throttled by heat')
      return databaseFault(setting.chance, { name: 'throttled', takesEffect: false }, operation, asked)
    }
    return performMetered({ meter: setting.meter, schemaOf, throttled }, operation, asked, (input) =>
      operationOf(operation)(context, { operation, input, send }),
    )
  }

  return async (request) => {
    const { options, count, chance } = setting
    const operation = String(request.headers['x-amz-target']).replace(prefix, '')
    const input: WireJson = request.body.length > 0 ? JSON.parse(request.body.toString()) : {}
    count(operation)
    const refusal = databaseRefusal(setting, request, operation, input)
    if (refusal) return databaseReply(refusal)
    const fault = drawFault(chance, options().faults, faultsOfDatabase(operation))
    if (!fault) return databaseReply(await perform(operation, input, request.headers))
    count(`fault ${fault.name}`)
    if (fault.takesEffect) await perform(operation, input, request.headers)
    return replyOfFault(setting, fault, operation, input)
  }
}

/** Returns the refusal of a call that is signed wrongly or not allowed. */
const databaseRefusal = (
  { options, principals, ledger }: Setting,
  request: EngineRequest,
  operation: string,
  input: WireJson,
): WireAnswer | undefined => {
  const skew = skewOf(request.headers, options().signatures.mostSkewSeconds, Date.now())
  if (skew) return refusedAnswer('InvalidSignatureException', skew.message)
  const verdict = verdictOf(principals, ledger, request, () => databaseUses(localPlace, operation, input))
  if (verdict.kind === 'unknown')
    return refusedAnswer(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    )
  if (verdict.kind === 'denied')
    return refusedAnswer('AccessDeniedException', denialMessage(verdict.principal, verdict.use))
  return undefined
}

const databaseReply = ({ status, json }: WireAnswer): Reply => jsonReply(status, json)

const replyOfFault = (
  { chance, options }: Setting,
  fault: DrawnFault,
  operation: string,
  input: WireJson,
): Reply => {
  if (fault.name === 'hung') return cutReply(options().faults.hangMilliseconds)
  if (fault.name === 'cutBefore' || fault.name === 'cutAfter') return cutReply()
  return databaseReply(databaseFault(chance, fault, operation, input))
}

/** Sends operations in the name of the client's request. */
const engineSender =
  (engine: EngineConnection, headers: IncomingHttpHeaders): SendOperation =>
  async (operation, input) => {
    const answer = await engine.send({
      method: 'POST',
      path: '/',
      headers: { ...headers, 'x-amz-target': `${prefix}${operation}` },
      body: Buffer.from(JSON.stringify(input)),
    })
    return { status: answer.status, json: fields(JSON.parse(answer.body.toString() || '{}')) }
  }
