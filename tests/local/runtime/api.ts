// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The runtime's post to `/response`, `/error` or `/init/error`. */
export interface Posted {
  kind: 'response' | 'error' | 'init error'
  mode: string | undefined
  contentType: string | undefined
  body: Buffer
  /** Set where the stream broke off with an error. */
  errorType: string | undefined
}

/** Lambda's side of the Runtime API, for one runtime. */
export interface RuntimeApi {
  /** `127.0.0.1:<port>`, for `AWS_LAMBDA_RUNTIME_API`. */
  address: string
  /** Returns what the runtime posts for an event; one invocation at a time. */
  invoke(event: unknown, trace?: string): Promise<Posted>
  /** Fails the invocation under way: its runtime is gone. */
  ended(reason: string): void
  close(): void
}

const version = '/2018-06-01/runtime'

/** Listens on loopback. */
export const startRuntimeApi = async (timeoutSeconds = 29): Promise<RuntimeApi> => {
  const waiting: { event: unknown; trace: string }[] = []
  let idle: ServerResponse | undefined
  let underWay = Promise.withResolvers<Posted>()
  underWay.promise.catch(() => {})

  const hand = (): void => {
    const next = idle && waiting.shift()
    if (!idle || !next) return
    idle.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': crypto.randomUUID(),
      'lambda-runtime-deadline-ms': String(Date.now() + timeoutSeconds * 1000),
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:local:000000000000:function:tested',
      'lambda-runtime-trace-id': next.trace,
    })
    idle.end(JSON.stringify(next.event))
    idle = undefined
  }

  const server: Server = createServer((request, response) => {
    if (request.method === 'GET' && request.url === `${version}/invocation/next`) {
      idle = response
      return hand()
    }
    void posted(request).then((result) => {
      response.writeHead(202).end('{"status":"OK"}')
      underWay.resolve(result)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    invoke: (event, trace = 'Root=1-67891233-abcdef012345678912345678;Sampled=0') => {
      underWay = Promise.withResolvers()
      waiting.push({ event, trace })
      hand()
      return underWay.promise
    },
    ended: (reason) => underWay.reject(new Error(reason)),
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

const kinds = [
  [/^\/2018-06-01\/runtime\/invocation\/[\w-]+\/response$/, 'response'],
  [/^\/2018-06-01\/runtime\/invocation\/[\w-]+\/error$/, 'error'],
  [/^\/2018-06-01\/runtime\/init\/error$/, 'init error'],
] as const

const posted = async (request: IncomingMessage): Promise<Posted> => {
  const kind = kinds.find(([path]) => path.test(request.url ?? ''))?.[1]
  if (request.method !== 'POST' || !kind)
    throw new Error(`The Runtime API has no ${request.method} ${request.url}.`)
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const { headers, trailers } = request
  return {
    kind,
    mode: headers['lambda-runtime-function-response-mode'] as string | undefined,
    contentType: headers['content-type'],
    body: Buffer.concat(chunks),
    errorType: trailers['lambda-runtime-function-error-type'],
  }
}

export interface Streamed {
  statusCode: number
  headers: Record<string, string>
  body: Buffer
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html: JSON, eight NUL bytes, the body. */
export const streamedIn = ({ body }: Posted): Streamed => {
  const at = body.indexOf(Buffer.alloc(8))
  if (at < 0) throw new Error('The stream has no metadata.')
  return { ...JSON.parse(body.subarray(0, at).toString()), body: body.subarray(at + 8) }
}
