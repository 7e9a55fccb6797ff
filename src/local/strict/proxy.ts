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
import type { Context } from './dynamodb/writes.ts'
import { connectEngine, type EngineRequest } from './engine.ts'
import { changedOptions, type StrictChange, type StrictOptions } from './options.ts'
import { cut, type Reply, send } from './reply.ts'
import type { Principals } from './rights/callers.ts'
import { createLedger, type Ledger } from './rights/ledger.ts'

/** The engines' addresses. */
export interface Endpoints {
  dynamodb: string
  s3: string
}

/** What stands between functions and engines, and is never kinder than AWS. */
export interface StrictProxy {
  /** Where functions find the engines. */
  endpoints: Endpoints
  /** Changes options from the next call on. */
  change(change: StrictChange): void
  /** Returns how often each operation was called and each fault was met. */
  counts(): Readonly<Record<string, number>>
  /** The rights that were used and the uses that were denied. */
  ledger: Ledger
  /** Returns whether the next batch of a stream is delivered twice. */
  repeats(): boolean
  /** Returns when the indexes show every write made so far. */
  settled(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts the proxy on free ports of this machine; without principals everybody may do everything, without a keyring no signature
 * is checked. `RIGHTS_LOG` names a
 * file to which the rights that were used are added at the end.
 */
export const startStrict = async (
  engines: Endpoints,
  options: StrictOptions,
  principals?: Principals,
  keyring?: Keyring,
): Promise<StrictProxy> => {
  let current = options
  const counts: Record<string, number> = {}
  const ledger = createLedger()
  const setting: Setting = {
    principals,
    ledger,
    options: () => current,
    chance: seededChance(options.seed),
    count: (name) => {
      counts[name] = (counts[name] ?? 0) + 1
    },
  }
  const lag = createLag(setting.chance, () => current.isolation.indexLag)
  const context: Context = {
    chance: setting.chance,
    isolation: () => current.isolation,
    tables: rememberTables(),
    locks: createLocks(),
    lag,
  }
  const connections = { dynamodb: connectEngine(engines.dynamodb), s3: connectEngine(engines.s3) }
  const mostSkewSeconds = () => current.signatures.mostSkewSeconds
  const guardOf = (service: 'dynamodb' | 's3'): Guard => ({ service, keyring, mostSkewSeconds })
  const [dynamodb, s3] = await Promise.all([
    listen(guardOf('dynamodb'), createDatabase(connections.dynamodb, setting, context)),
    listen(guardOf('s3'), createBucket(connections.s3, setting)),
  ])
  return {
    endpoints: { dynamodb: addressOf(dynamodb), s3: addressOf(s3) },
    change: (change) => {
      current = changedOptions(current, change)
    },
    counts: () => ({ ...counts }),
    ledger,
    repeats: () => setting.chance.happens(current.stream.repeated),
    settled: lag.settled,
    stop: async () => {
      await Promise.all([close(dynamodb), close(s3)])
      connections.dynamodb.close()
      connections.s3.close()
      const { RIGHTS_LOG } = process.env
      if (RIGHTS_LOG) ledger.append(RIGHTS_LOG)
    },
  }
}

type Handle = (request: EngineRequest) => Promise<Reply>

const listen = (guard: Guard, handle: Handle): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer((message, response) => void serve(guard, handle, message, response))
    // Clients keep their connections; whoever closes one first decides whether a request is lost on it.
    server.keepAliveTimeout = 60_000
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })

const serve = async (
  guard: Guard,
  handle: Handle,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  try {
    const request = await admit(guard, message)
    const reply = 'refusal' in request ? request.refusal : await handle(request)
    await send(message, response, reply)
  } catch (error) {
    if (!unreachable(error)) console.error(error)
    await send(message, response, cut())
  }
}

/** Whether the engine, or the client, is gone: both look to the other side like a connection that is cut. */
const unreachable = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(String(error.code))

const addressOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
