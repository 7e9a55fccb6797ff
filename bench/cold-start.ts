/** Loads one function's bundle as a new Lambda environment does, lets it answer once, and tells how long that took. */
import type { Context } from 'aws-lambda'
import { delimiter, installRuntime, runStreaming } from '../src/local/functions/awslambda.ts'

interface Answer {
  statusCode: number
}

type Handler = (event: unknown, context: Context) => Promise<Answer>

const [, , bundle = '', exportName = '', text = ''] = process.argv
const event: unknown = JSON.parse(text)
const context = {
  awsRequestId: 'cold',
  functionName: 'cold',
  getRemainingTimeInMillis: () => 29_000,
} as Context

/** A streamed answer begins with its status, as JSON. */
const streamedAnswer = async (handler: Handler): Promise<Answer | undefined> => {
  const chunks: Uint8Array[] = []
  const running = runStreaming(handler, event, context, (chunk, sent) => {
    chunks.push(chunk)
    sent()
  })
  if (!running) return undefined
  await running
  const bytes = Buffer.concat(chunks)
  return JSON.parse(bytes.subarray(0, bytes.indexOf(delimiter)).toString()) as Answer
}

installRuntime()
const began = performance.now()
const { [exportName]: handler } = (await import(bundle)) as Record<string, Handler>
if (!handler) throw new Error(`${bundle} has no ${exportName}.`)
const { statusCode } = (await streamedAnswer(handler)) ?? (await handler(event, context))
const answered = performance.now()
const said = { statusCode, ownMs: answered - began, allMs: answered }
process.stdout.write(JSON.stringify(said), () => process.exit(0))
