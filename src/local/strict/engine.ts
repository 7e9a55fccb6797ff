import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'

/** A request on its way to an engine. */
export interface EngineRequest {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface EngineAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

/** A connection to a local engine. */
export interface EngineConnection {
  /** Fails when the engine cannot be reached. */
  send(request: EngineRequest): Promise<EngineAnswer>
  close(): void
}

/** Headers that belong to a connection rather than to a request. */
const ofTheConnection = ['connection', 'keep-alive', 'transfer-encoding', 'expect', 'content-length']

const passedOn = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !ofTheConnection.includes(name)))

/** Returns a connection that keeps its sockets open. */
export const connectEngine = (endpoint: string): EngineConnection => {
  const { hostname, port } = new URL(endpoint)
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  const send = ({ method, path, headers, body }: EngineRequest): Promise<EngineAnswer> =>
    new Promise((resolve, reject) => {
      const sent = request(
        {
          agent,
          hostname,
          port,
          method,
          path,
          headers: { ...passedOn(headers), 'content-length': body.length },
        },
        (answer) => {
          readWholeBody(answer).then(
            (read) =>
              resolve({ status: answer.statusCode ?? 500, headers: passedOn(answer.headers), body: read }),
            reject,
          )
        },
      )
      sent.once('error', reject)
      sent.end(body)
    })
  return { send, close: () => agent.destroy() }
}

/** Returns a message's whole body; fails when it breaks off or exceeds `mostBytes`. */
export const readWholeBody = async (message: IncomingMessage, mostBytes = Infinity): Promise<Buffer> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of message) {
    bytes += chunk.length
    if (bytes > mostBytes) throw new Error(`The body has more than ${mostBytes} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
