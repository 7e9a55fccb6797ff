/** One execution environment of Lambda: a process that runs the built handlers, one invocation at a time. */
import { createRequire } from 'node:module'
import type { Context } from 'aws-lambda'

/** What an environment is asked to run. */
export interface InvokeOrder {
  id: number
  function: string
  /** The absolute path of the built file and the name of its handler. */
  bundle: string
  exportName: string
  variables: Readonly<Record<string, string>>
  timeoutSeconds: number
  memory: number
  event: unknown
  requestId: string
}

/** What became of it. `bytes` is what Lambda would count as the response's payload. */
export type InvokeReport = { id: number; result: unknown } | { id: number; failed: string } | { ready: true }

type Handler = (event: unknown, context: Context) => Promise<unknown>

const require = createRequire(import.meta.url)

process.on('disconnect', () => process.exit(0))
process.on('SIGINT', () => {})
process.on('message', (order: InvokeOrder | { load: Omit<InvokeOrder, 'id' | 'event' | 'requestId'> }) => {
  if ('load' in order) return void handlerOf(order.load)
  run(order).then(
    (result) => process.send?.({ id: order.id, result }),
    (error: unknown) => fail(order, error),
  )
})

const run = async (order: InvokeOrder): Promise<unknown> => handlerOf(order)(order.event, contextOf(order))

const fail = (order: InvokeOrder, error: unknown): void => {
  console.error(error)
  process.send?.({ id: order.id, failed: error instanceof Error ? error.message : String(error) })
}

const handlerOf = ({
  bundle,
  exportName,
  variables,
  ...order
}: Omit<InvokeOrder, 'id' | 'event' | 'requestId'>): Handler => {
  if (!require.cache[bundle]) {
    Object.assign(process.env, variables, {
      AWS_LAMBDA_FUNCTION_NAME: order.function,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(order.memory),
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    })
  }
  return require(bundle)[exportName]
}

const contextOf = (order: InvokeOrder): Context => {
  const deadline = Date.now() + order.timeoutSeconds * 1000
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: order.function,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:local:000000000000:function:${order.function}`,
    memoryLimitInMB: String(order.memory),
    awsRequestId: order.requestId,
    logGroupName: `/aws/lambda/${order.function}`,
    logStreamName: String(process.pid),
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done: unsupported,
    fail: unsupported,
    succeed: unsupported,
  }
}

const unsupported = (): never => {
  throw new Error('Node 24 on Lambda has no callbacks.')
}

process.send?.({ ready: true })
