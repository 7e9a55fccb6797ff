// https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html
import type { ServerResponse } from 'node:http'
import { delimiter } from '../functions/awslambda.ts'
import type { Outcome } from '../functions/environments.ts'
import { wireHeaders } from './event.ts'

/** Bytes of the stream that may come before the delimiter. */
const longestHead = 16 * 1024

/** Passes a function's stream on to the caller: first status and headers, then each chunk of the body. */
export interface Relay {
  receive(chunk: Uint8Array): void
  /** Ends the response; returns false when nothing was sent, so that the gateway can still refuse. */
  end(outcome: Outcome): boolean
}

interface StreamHead {
  statusCode?: number
  headers?: Record<string, string>
  multiValueHeaders?: Record<string, string[]>
}

const streamHeadOf = (bytes: Buffer): StreamHead | undefined => {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

/** Returns a relay to a response. */
export const openRelay = (response: ServerResponse): Relay => {
  let waiting = Buffer.alloc(0)
  let begun = false
  const begin = (): void => {
    const at = waiting.indexOf(delimiter)
    if (at < 0 || at > longestHead) return
    const head = streamHeadOf(waiting.subarray(0, at))
    if (!head) return
    begun = true
    response.statusCode = head.statusCode ?? 200
    for (const [name, values] of wireHeaders(head)) response.setHeader(name, values)
    response.flushHeaders()
    response.write(waiting.subarray(at + delimiter.length))
  }
  return {
    receive: (chunk) => {
      if (begun) return void response.write(chunk)
      if (waiting.length > longestHead) return
      waiting = Buffer.concat([waiting, chunk])
      begin()
    },
    end: ({ kind }) => {
      if (!begun) return false
      if (kind === 'result') response.end()
      else response.destroy()
      return true
    },
  }
}
