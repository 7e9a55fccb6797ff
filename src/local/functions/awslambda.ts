/**
 * https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html — the global object that Lambda's runtime
 * gives to streaming functions.
 */
import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Context } from 'aws-lambda'

type StreamingHandler = (event: unknown, response: Writable, context: Context) => Promise<unknown>

/** The delimiter between status and headers, as JSON, and the body. */
export const delimiter = Buffer.alloc(8)

const streamingHandlers = new WeakSet<object>()

const runtime = {
  streamifyResponse: (handler: StreamingHandler): StreamingHandler => {
    streamingHandlers.add(handler)
    return handler
  },
  HttpResponseStream: {
    /**
     * Returns the stream with the metadata in front of the first write, as in Lambda's runtime: a stream that ends
     * without a write has no head.
     */
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

/** Sets the global `awslambda`. */
export const installRuntime = (): void => {
  Object.assign(globalThis, { awslambda: runtime })
}

/** Runs a streaming handler and fails as it does. Returns undefined at once for any other handler. */
export const runStreaming = (
  handler: object,
  event: unknown,
  context: Context,
  send: (chunk: Uint8Array, sent: (error?: Error | null) => void) => void,
): Promise<unknown> | undefined => {
  if (!streamingHandlers.has(handler)) return undefined
  const write = (chunk: Uint8Array, _: string, sent: (error?: Error | null) => void): void =>
    chunk.length === 0 ? sent() : send(chunk, sent)
  return stream(handler as StreamingHandler, event, new Writable({ write }), context)
}

/** Runs the handler until handler and stream have ended, which ends the invocation on Lambda. */
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
