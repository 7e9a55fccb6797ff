/** A runtime for packages as small as the protocol allows, in the place of Lambda's own: loads the handler and asks for events. */
import { request } from 'node:http'
import { join } from 'node:path'
import { PassThrough, type Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import type { Context } from 'aws-lambda'
import { installRuntime, runStreaming } from '../../../src/local/functions/awslambda.ts'

const base = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`

const post = async (path: string, body: string): Promise<void> => {
  await fetch(`${base}/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
}

const errorOf = (error: unknown): string => {
  const { name, message, stack } = error as Error
  return JSON.stringify({ errorType: name, errorMessage: message, trace: stack?.split('\n') })
}

const streamTo = (id: string): { sink: Writable; ended: Promise<void> } => {
  const sink = new PassThrough()
  const ended = new Promise<void>((resolve, reject) => {
    const headers = {
      'lambda-runtime-function-response-mode': 'streaming',
      'content-type': 'application/vnd.awslambda.http-integration-response',
      'transfer-encoding': 'chunked',
    }
    const sent = request(`${base}/invocation/${id}/response`, { method: 'POST', headers }, (response) => {
      response.resume().once('end', resolve)
    })
    sent.once('error', reject)
    sink.pipe(sent)
  })
  return { sink, ended }
}

installRuntime()
const [file = '', exportName = ''] = (process.env._HANDLER ?? '').split('.')
const loaded = await import(pathToFileURL(join(process.env.LAMBDA_TASK_ROOT ?? '', `${file}.mjs`)).href)
const handler = loaded[exportName]

for (;;) {
  const next = await fetch(`${base}/invocation/next`)
  const id = next.headers.get('lambda-runtime-aws-request-id') ?? ''
  const deadline = Number(next.headers.get('lambda-runtime-deadline-ms'))
  process.env._X_AMZN_TRACE_ID = next.headers.get('lambda-runtime-trace-id') ?? ''
  const context = { awsRequestId: id, getRemainingTimeInMillis: () => deadline - Date.now() } as Context
  const event = await next.json()
  let stream: ReturnType<typeof streamTo> | undefined
  try {
    const streaming = runStreaming(handler, event, context, (chunk, sent) => {
      stream ??= streamTo(id)
      stream.sink.write(chunk, sent)
    })
    const result = await (streaming ?? handler(event, context))
    if (streaming) {
      stream?.sink.end()
      await stream?.ended
    } else await post(`invocation/${id}/response`, JSON.stringify(result ?? null))
  } catch (error) {
    await post(`invocation/${id}/error`, errorOf(error))
  }
}
