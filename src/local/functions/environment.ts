/** An execution environment of Lambda: a process that runs the built handlers, a single invocation at a time. */
import { pathToFileURL } from 'node:url'
import type { Context } from 'aws-lambda'
import { installRuntime, runStreaming } from './awslambda.ts'

/** The order to an environment: a function and its event. */
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

/** The environment's report on an order: a chunk, the result or the error's message; or that the process is ready. */
export type InvokeReport =
  | { id: number; result: unknown }
  | { id: number; chunk: Uint8Array }
  | { id: number; failed: string }
  | { ready: true }

type Handler = (event: unknown, context: Context) => Promise<unknown>

installRuntime()
process.on('disconnect', () => process.exit(0))
process.on('SIGINT', () => {})
process.on('message', (order: InvokeOrder | { load: Loading }) => {
  if ('load' in order) return void handlerOf(order.load).catch(console.error)
  runInvocation(order).then(
    (result) => process.send?.({ id: order.id, result }),
    (error: unknown) => failInvocation(order, error),
  )
})

const runInvocation = async (order: InvokeOrder): Promise<unknown> => {
  const handler = await handlerOf(order)
  // Several functions share this process: each loads and acts with its own variables and key.
  await loading
  Object.assign(process.env, order.variables)
  const send = (chunk: Uint8Array, sent: (error?: Error | null) => void): void =>
    void process.send?.({ id: order.id, chunk }, sent)
  return (
    runStreaming(handler, order.event, lambdaContext(order), send) ??
    handler(order.event, lambdaContext(order))
  )
}

const failInvocation = (order: InvokeOrder, error: unknown): void => {
  console.error(error)
  process.send?.({ id: order.id, failed: error instanceof Error ? error.message : String(error) })
}

type Loading = Omit<InvokeOrder, 'id' | 'event' | 'requestId'>

const modules = new Map<string, Promise<Readonly<Record<string, Handler>>>>()

/**
 * The loading of the latest module. Modules load in sequence, since each reads its own function's variables from the
 * environment while it loads.
 */
let loading: Promise<unknown> = Promise.resolve()

const load = ({ bundle, variables, ...order }: Loading): Promise<Readonly<Record<string, Handler>>> => {
  const module = loading.then(() => {
    Object.assign(process.env, variables, {
      AWS_LAMBDA_FUNCTION_NAME: order.function,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(order.memory),
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    })
    return import(pathToFileURL(bundle).href)
  })
  loading = module.catch(() => undefined)
  modules.set(bundle, module)
  return module
}

const handlerOf = async (order: Loading): Promise<Handler> => {
  const { [order.exportName]: handler } = await (modules.get(order.bundle) ?? load(order))
  if (!handler) throw new Error(`${order.bundle} has no ${order.exportName}.`)
  return handler
}

const lambdaContext = (order: InvokeOrder): Context => {
  // Lambda measures an invocation by itself: the worker's own clock may be skewed and step.
  const deadline = performance.now() + order.timeoutSeconds * 1000
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: order.function,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:local:000000000000:function:${order.function}`,
    memoryLimitInMB: String(order.memory),
    awsRequestId: order.requestId,
    logGroupName: `/aws/lambda/${order.function}`,
    logStreamName: String(process.pid),
    getRemainingTimeInMillis: () => deadline - performance.now(),
    done: unsupportedCallback,
    fail: unsupportedCallback,
    succeed: unsupportedCallback,
  }
}

const unsupportedCallback = (): never => {
  throw new Error('Node 24 on Lambda has no callbacks.')
}

process.send?.({ ready: true })
