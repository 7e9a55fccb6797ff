import type { IncomingHttpHeaders } from 'node:http'
import type { Chance } from './chance.ts'
import { createOperations } from './dynamodb/operations.ts'
import { type Answer, fields, type Input, refused, type Send } from './dynamodb/wire.ts'
import type { Context } from './dynamodb/writes.ts'
import type { Engine, EngineRequest } from './engine.ts'
import { databaseFault, drawFault, type Fault, faultsOfDatabase } from './faults.ts'
import type { Meter } from './heat/meter.ts'
import { metered } from './heat/metered.ts'
import type { StrictOptions } from './options.ts'
import { cut, jsonReply, type Reply } from './reply.ts'
import { denialMessage, type Principals, verdictOf } from './rights/callers.ts'
import type { Ledger } from './rights/ledger.ts'
import { databaseUses } from './rights/uses.ts'
import { skewOf } from './signatures.ts'

/** What every request to an engine is judged by. */
export interface Setting {
  options(): StrictOptions
  chance: Chance
  /** Counts a call or a fault by its name. */
  count(name: string): void
  principals: Principals | undefined
  ledger: Ledger
  meter: Meter
}

/** Where the local stack claims to be. */
const place = { region: 'local', account: '000000000000' }
const prefix = 'DynamoDB_20120810.'

/** Returns what answers the requests to DynamoDB. */
export const createDatabase = (
  engine: Engine,
  setting: Setting,
  context: Context,
): ((request: EngineRequest) => Promise<Reply>) => {
  const operationOf = createOperations()

  const perform = (operation: string, asked: Input, headers: IncomingHttpHeaders): Promise<Answer> => {
    const send = sender(engine, headers)
    const schemaOf = (table: string) => context.tables.schema(table, send)
    const throttled = (): Answer => {
      setting.count('throttled by heat')
      return databaseFault(setting.chance, { name: 'throttled', takesEffect: false }, operation, asked)
    }
    return metered({ meter: setting.meter, schemaOf, throttled }, operation, asked, (input) =>
      operationOf(operation)(context, { operation, input, send }),
    )
  }

  return async (request) => {
    const { options, count, chance } = setting
    const operation = String(request.headers['x-amz-target']).replace(prefix, '')
    const input: Input = request.body.length > 0 ? JSON.parse(request.body.toString()) : {}
    count(operation)
    const refusal = refusalOf(setting, request, operation, input)
    if (refusal) return replyOf(refusal)
    const fault = drawFault(chance, options().faults, faultsOfDatabase(operation))
    if (!fault) return replyOf(await perform(operation, input, request.headers))
    count(`fault ${fault.name}`)
    if (fault.takesEffect) await perform(operation, input, request.headers)
    return replyOfFault(setting, fault, operation, input)
  }
}

/** Returns the refusal of a call that is signed wrongly or not allowed. */
const refusalOf = (
  { options, principals, ledger }: Setting,
  request: EngineRequest,
  operation: string,
  input: Input,
): Answer | undefined => {
  const skew = skewOf(request.headers, options().signatures.mostSkewSeconds, Date.now())
  if (skew) return refused('InvalidSignatureException', skew.message)
  const verdict = verdictOf(principals, ledger, request, () => databaseUses(place, operation, input))
  if (verdict.kind === 'unknown')
    return refused('UnrecognizedClientException', 'The security token included in the request is invalid.')
  if (verdict.kind === 'denied')
    return refused('AccessDeniedException', denialMessage(verdict.principal, verdict.use))
  return undefined
}

const replyOf = ({ status, json }: Answer): Reply => jsonReply(status, json)

const replyOfFault = ({ chance, options }: Setting, fault: Fault, operation: string, input: Input): Reply => {
  if (fault.name === 'hung') return cut(options().faults.hangMilliseconds)
  if (fault.name === 'cutBefore' || fault.name === 'cutAfter') return cut()
  return replyOf(databaseFault(chance, fault, operation, input))
}

/** Sends operations in the name of the client's request. */
const sender =
  (engine: Engine, headers: IncomingHttpHeaders): Send =>
  async (operation, input) => {
    const answer = await engine.send({
      method: 'POST',
      path: '/',
      headers: { ...headers, 'x-amz-target': `${prefix}${operation}` },
      body: Buffer.from(JSON.stringify(input)),
    })
    return { status: answer.status, json: fields(JSON.parse(answer.body.toString() || '{}')) }
  }
