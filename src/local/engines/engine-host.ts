/**
 * The process of the engines. When the channel to the stack closes, for whatever reason, this process ends dynoxide too,
 * since dynoxide itself cannot notice that the stack is gone.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, randomInt } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createRequire } from 'node:module'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** The stack's order to this process. */
export interface HostOrder {
  dataDir: string
  /** Whether the data directory is removed when the engines end. */
  temporary: boolean
  dynoxide: string
  /** The address that tokens name as their issuer's, in front of the pool's id. */
  issuer: string
  buckets: readonly string[]
}

/** This process's reports to the stack. */
export type HostReport =
  | { type: 'ready'; dynamodb: string; s3: string; cognito: string; dynoxidePid: number }
  | { type: 'object'; event: S3ObjectEvent }
  | { type: 'failed'; reason: string }

/** S3's notification of a new object. */
export interface S3ObjectEvent {
  Records: readonly { eventName: string; s3: { bucket: { name: string }; object: { key: string } } }[]
}

const require = createRequire(import.meta.url)
let database: ChildProcess | undefined
let temporary: string | undefined

process.once('message', (order: HostOrder) => {
  start(order).then(reportToStack, (error: Error) => failHost(error.message))
})
process.once('disconnect', () => stop(0))
process.on('SIGTERM', () => stop(0))
// Ctrl-C reaches every process of the terminal; the stack decides when the engines go.
process.on('SIGINT', () => {})

const reportToStack = (message: HostReport): void => {
  process.send?.(message)
}

const failHost = (reason: string): void => {
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
 * Returns a random address among the sixteen million of loopback, on systems that have them all. The database checks no
 * signature and answers any page of a browser; address and port together make 10^11 places to search.
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
  child.once('error', (error) => failHost(`dynoxide could not be started: ${error.message}`))
  child.once('exit', (code, signal) => failHost(`dynoxide ended (${signal ?? code}).`))
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
  server.on('event', (event: S3ObjectEvent) => reportToStack({ type: 'object', event }))
  const { port } = (await server.run()) as AddressInfo
  refusePages(server.httpServer)
  return port
}

const comesFromPage = ({ headers }: IncomingMessage): boolean =>
  headers.origin !== undefined || headers['sec-fetch-site'] !== undefined

/** Refuses requests with the headers of a browser's page: only the stack calls the engines. */
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

/** Replaces cognito-local's signing key, which is published in its package, with a key made for this directory. */
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
