/**
 * The process that holds the engines. It is one process so that dynoxide, which cannot know that the stack is gone,
 * has a parent that does: when the channel to the stack closes, for whatever reason, this process ends dynoxide too.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, randomInt } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createRequire } from 'node:module'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What the stack tells this process to start. */
export interface HostOrder {
  dataDir: string
  /** Whether the data directory goes when the engines go. */
  temporary: boolean
  dynoxide: string
  /** The address that tokens name as their issuer's, in front of the pool's id. */
  issuer: string
  buckets: readonly string[]
}

/** What this process tells the stack. */
export type HostReport =
  | { type: 'ready'; dynamodb: string; s3: string; cognito: string; dynoxidePid: number }
  | { type: 'object'; event: ObjectEvent }
  | { type: 'failed'; reason: string }

/** What S3 tells a function: an object was put. */
export interface ObjectEvent {
  Records: readonly { eventName: string; s3: { bucket: { name: string }; object: { key: string } } }[]
}

const require = createRequire(import.meta.url)
let database: ChildProcess | undefined
let temporary: string | undefined

process.once('message', (order: HostOrder) => {
  start(order).then(report, (error: Error) => fail(error.message))
})
process.once('disconnect', () => stop(0))
process.on('SIGTERM', () => stop(0))
// Ctrl-C reaches every process of the terminal; the stack decides when the engines go.
process.on('SIGINT', () => {})

const report = (message: HostReport): void => {
  process.send?.(message)
}

const fail = (reason: string): void => {
  if (process.connected) process.send?.({ type: 'failed', reason } satisfies HostReport, () => stop(1))
  else stop(1)
}

const stop = (code: number): void => {
  database?.removeAllListeners('exit')
  const leave = (): void => {
    if (temporary) rmSync(temporary, { recursive: true, force: true })
    process.exit(code)
  }
  const running = database && database.exitCode === null && database.signalCode === null
  if (!running) leave()
  database?.once('exit', leave)
  database?.kill('SIGTERM')
  setTimeout(() => database?.kill('SIGKILL'), 2000)
}

const start = async (order: HostOrder): Promise<HostReport> => {
  if (order.temporary) temporary = order.dataDir
  const host = hiddenHost()
  // The others take any free port, which must not be the one that was found free for the database.
  const dynamodb = await startDynoxide(order, host)
  const [s3, cognito] = await Promise.all([startS3(order, host), startCognito(order, host)])
  const url = (port: number): string => `http://${host}:${port}`
  const addresses = { dynamodb: url(dynamodb), s3: url(s3), cognito: url(cognito) }
  return { type: 'ready', ...addresses, dynoxidePid: database?.pid ?? 0 }
}

/**
 * Returns one of the sixteen million addresses of loopback, where the system has them all. The database checks nothing and
 * answers every page of a browser; with a port of its own there are 10^11 places to look for it.
 */
const hiddenHost = (platform = process.platform): string =>
  platform === 'linux' || platform === 'win32'
    ? `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`
    : '127.0.0.1'

const startDynoxide = async ({ dynoxide, dataDir }: HostOrder, host: string): Promise<number> => {
  const port = await freePort(host)
  const path = `${dataDir}/dynamodb.db`
  const child = spawn(dynoxide, ['serve', '--host', host, '--port', String(port), '--db-path', path], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  database = child
  child.once('error', (error) => fail(`dynoxide could not be started: ${error.message}`))
  child.once('exit', (code, signal) => fail(`dynoxide ended (${signal ?? code}).`))
  await listening(host, port)
  return port
}

const startS3 = async ({ dataDir, buckets }: HostOrder, host: string): Promise<number> => {
  const S3rver = require('@20minutes/s3rver')
  const server = new S3rver({
    address: host,
    port: 0,
    silent: true,
    directory: `${dataDir}/s3`,
    allowMismatchedSignatures: true,
    vhostBuckets: false,
    configureBuckets: buckets.map((name) => ({ name, configs: [] })),
  })
  server.on('event', (event: ObjectEvent) => report({ type: 'object', event }))
  const { port } = (await server.run()) as AddressInfo
  refusePages(server.httpServer)
  return port
}

const comesFromPage = ({ headers }: IncomingMessage): boolean =>
  headers.origin !== undefined || headers['sec-fetch-site'] !== undefined

/** Only the stack asks, and no page of a browser: what has a page's headers is refused. */
const refusePages = (server: Server): void => {
  const listeners = server.listeners('request') as RequestListener[]
  server.removeAllListeners('request')
  server.on('request', (request, response) => {
    if (comesFromPage(request)) response.writeHead(403).end()
    else for (const listen of listeners) listen(request, response)
  })
}

const startCognito = async ({ dataDir, issuer }: HostOrder, host: string): Promise<number> => {
  const directory = `${dataDir}/cognito`
  mkdirSync(`${directory}/.cognito`, { recursive: true })
  const settings = {
    TokenConfig: { IssuerDomain: issuer },
    ServerConfig: { port: 0, hostname: host },
    UserPoolDefaults: { UsernameAttributes: [] },
  }
  writeFileSync(`${directory}/.cognito/config.json`, JSON.stringify(settings))
  // cognito-local keeps its pools under the directory it is started in.
  process.chdir(directory)
  process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = '1'
  const cognito = createRequire(require.resolve('cognito-local/package.json'))
  signWithOwnKey(cognito, `${directory}/signing-key.json`)
  const server = await cognito('./lib/server/defaults').createDefaultServer(
    cognito('pino')({ level: 'error' }),
  )
  const http = await server.start()
  refusePages(http)
  return (http.address() as AddressInfo).port
}

/** The key in cognito-local's package is known to everybody; tokens here are signed with one made for this directory. */
const signWithOwnKey = (cognito: NodeJS.Require, path: string): void => {
  if (!existsSync(path)) writeFileSync(path, JSON.stringify(newKey()), { mode: 0o600 })
  const { pem, jwk } = JSON.parse(readFileSync(path, 'utf8'))
  Object.assign(cognito('./lib/keys/cognitoLocal.private.json'), { pem })
  Object.assign(cognito('./lib/keys/cognitoLocal.public.json'), { jwk })
}

const newKey = (): { pem: string; jwk: object } => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return {
    pem,
    jwk: { ...publicKey.export({ format: 'jwk' }), kid: 'CognitoLocal', alg: 'RS256', use: 'sig' },
  }
}

const freePort = (host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, host, () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

const listening = async (host: string, port: number): Promise<void> => {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (await answers(host, port)) return
    await sleep(10)
  }
  throw new Error('dynoxide did not start to listen within five seconds.')
}

const answers = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, host)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
