/** https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html — what Lambda's runtime gives to functions that stream. */
import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Context } from 'aws-lambda'

type StreamingHandler = (event: unknown, response: Writable, context: Context) => Promise<unknown>

/** What stands between status and headers, as JSON, and the body. */
export const delimiter = Buffer.alloc(8)

const streaming = new WeakSet<object>()

const runtime = {
  streamifyResponse: (handler: StreamingHandler): StreamingHandler => {
    streaming.add(handler)
    return handler
  },
  HttpResponseStream: {
    /** The metadata leave with the first write, as in Lambda's runtime: a stream that ends without one has no head. */
    from: (stream: Writable, metadata: object): Writable => {
      const write = stream.write.bind(stream)
      stream.write = ((...first: Parameters<Writable['write']>) => {
        stream.write = write
        write(JSON.stringify(metadata))
        write(delimiter)
        return write(...first)
      }) as Writable['write']
      return stream
    },
  },
}

/** Puts `awslambda` where functions look for it. */
export const installRuntime = (): void => {
  Object.assign(globalThis, { awslambda: runtime })
}

/** Runs a handler that streams; fails as it does. Returns undefined at once where the handler does not stream. */
export const runStreaming = (
  handler: object,
  event: unknown,
  context: Context,
  send: (chunk: Uint8Array, sent: (error?: Error | null) => void) => void,
): Promise<unknown> | undefined => {
  if (!streaming.has(handler)) return undefined
  const write = (chunk: Uint8Array, _: string, sent: (error?: Error | null) => void): void =>
    chunk.length === 0 ? sent() : send(chunk, sent)
  return stream(handler as StreamingHandler, event, new Writable({ write }), context)
}

/** The invocation ends when handler and stream have ended, as on Lambda. */
const stream = async (
  handler: StreamingHandler,
  event: unknown,
  response: Writable,
  context: Context,
): Promise<void> => {
  await handler(event, response, context)
  if (!response.writableEnded) response.end()
  if (!response.writableFinished) await finished(response)
}
