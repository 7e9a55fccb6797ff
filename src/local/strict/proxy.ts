import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Keyring } from '../signature/verify.ts'
import { createBucket } from './bucket.ts'
import { seededChance } from './chance.ts'
import { createDatabase, type Setting } from './database.ts'
import { admit, type Guard } from './door.ts'
import { createLag } from './dynamodb/lag.ts'
import { createLocks } from './dynamodb/locks.ts'
import { rememberTables } from './dynamodb/tables.ts'
import type { StrictContext } from './dynamodb/writes.ts'
import { connectEngine, type EngineRequest } from './engine.ts'
import { createMeter, type Heat } from './heat/meter.ts'
import { changedOptions, type StrictChange, type StrictOptions, type WorkerOptions } from './options.ts'
import { cutReply, type Reply, sendReply } from './reply.ts'
import type { Principals } from './rights/callers.ts'
import { createLedger, type Ledger } from './rights/ledger.ts'
import type { ClockSkew } from './workers/skewed.ts'

/** The engines' addresses. */
export interface Endpoints {
  dynamodb: string
  s3: string
}

/** The proxy between functions and engines, which is never kinder than AWS. */
export interface StrictProxy {
  /** The proxy's addresses of the engines, for the functions. */
  endpoints: Endpoints
  /** Changes options from the next call on. */
  change(change: StrictChange): void
  /** Returns how often each operation was called and each fault was met. */
  counts(): Readonly<Record<string, number>>
  /** The rights that were used and the uses that were denied. */
  ledger: Ledger
  /** Returns the partition keys that took the most units in a second. */
  hottest(count: number): Heat[]
  /** Returns the options of the workers that start or are called now. */
  workers(): WorkerOptions
  /** Returns the variables that give the next worker a clock of its own; empty when it keeps the machine's clock. */
  nextClock(): Record<string, string>
  /** Returns whether the next batch of a stream is delivered twice. */
  repeats(): boolean
  /** Returns when indexes and all reads show every write made so far. */
  settled(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts the proxy on free ports of this machine. Without principals every call is allowed, without a keyring no
 * signature is checked. `RIGHTS_LOG` names a file to which the used rights are appended at the end.
 */
export const startStrict = async (
  engines: Endpoints,
  options: StrictOptions,
  principals?: Principals,
  keyring?: Keyring,
): Promise<StrictProxy> => {
  let current = options
  let clocks = 0
  const counts: Record<string, number> = {}
  const ledger = createLedger()
  const setting: Setting = {
    principals,
    ledger,
    meter: createMeter(
      () => current.heat,
      () => performance.now(),
    ),
    options: () => current,
    chance: seededChance(options.seed),
    count: (name) => {
      counts[name] = (counts[name] ?? 0) + 1
    },
  }
  const lag = createLag(setting.chance, () => current.isolation)
  const context: StrictContext = {
    chance: setting.chance,
    isolation: () => current.isolation,
    tables: rememberTables(),
    locks: createLocks(),
    lag,
  }
  const connections = { dynamodb: connectEngine(engines.dynamodb), s3: connectEngine(engines.s3) }
  const mostSkewSeconds = () => current.signatures.mostSkewSeconds
  const guardOf = (service: 'dynamodb' | 's3'): Guard => ({
    service,
    keyring,
    mostSkewSeconds,
    count: setting.count,
  })
  const [dynamodb, s3] = await Promise.all([
    listenForCalls(guardOf('dynamodb'), createDatabase(connections.dynamodb, setting, context)),
    listenForCalls(guardOf('s3'), createBucket(connections.s3, setting)),
  ])
  return {
    endpoints: { dynamodb: serverAddress(dynamodb), s3: serverAddress(s3) },
    change: (change) => {
      current = changedOptions(current, change)
    },
    counts: () => ({ ...counts }),
    ledger,
    hottest: setting.meter.hottest,
    workers: () => current.workers,
    nextClock: () => {
      const { mostSkewSeconds: mostSeconds, stepSeconds } = current.workers
      if (mostSeconds === 0) return {}
      const skew: ClockSkew = { seed: options.seed * 1_000 + clocks++, mostSeconds, stepSeconds }
      return { CLOCK_SKEW: JSON.stringify(skew) }
    },
    repeats: () => setting.chance.happens(current.stream.repeated),
    settled: lag.settled,
    stop: async () => {
      await Promise.all([closeProxy(dynamodb), closeProxy(s3)])
      connections.dynamodb.close()
      connections.s3.close()
      const { RIGHTS_LOG } = process.env
      if (RIGHTS_LOG) ledger.append(RIGHTS_LOG)
    },
  }
}

type Handle = (request: EngineRequest) => Promise<Reply>

const listenForCalls = (guard: Guard, handle: Handle): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer((message, response) => void serveReply(guard, handle, message, response))
    // Clients keep their connections; whoever closes one first decides whether a request is lost on it.
    server.keepAliveTimeout = 60_000
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })

const serveReply = async (
  guard: Guard,
  handle: Handle,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  try {
    const request = await admit(guard, message)
    const reply = 'refusal' in request ? request.refusal : await handle(request)
    await sendReply(message, response, reply)
  } catch (error) {
    if (!isUnreachable(error)) console.error(error)
    await sendReply(message, response, cutReply())
  }
}

/** Returns whether the engine or the client is gone; either side then sees a connection that is cut. */
const isUnreachable = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(String(error.code))

const serverAddress = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const closeProxy = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
