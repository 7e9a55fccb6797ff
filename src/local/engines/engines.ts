import { type ChildProcess, fork } from 'node:child_process'
import { accessSync, chmodSync, closeSync, constants, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import { DatabaseSync } from 'node:sqlite'
import type { HostOrder, HostReport, S3ObjectEvent } from './engine-host.ts'

/**
 * The engines, at addresses that only the stack knows: they check no signature, so all functions and clients go through
 * the proxy, which does.
 */
export interface Engines {
  dynamodb: string
  s3: string
  cognito: string
  databasePath: string
  pids: EnginePids
  stop(): Promise<void>
}

/** The engines' processes: the host process, and the database as its child. */
export interface EnginePids {
  host: number
  dynoxide: number
}

/** A reason not to start, or to stop, given to the user as a single line. */
export class Refusal extends Error {}

/** Returns the path of dynoxide's binary; refuses when this platform's package is not installed. */
export const findDynoxide = (platform = `${process.platform}-${process.arch}`): string => {
  const file = process.platform === 'win32' ? 'dynoxide.exe' : 'dynoxide'
  try {
    return createRequire(import.meta.url).resolve(`@dynoxide/${platform}/${file}`)
  } catch {
    throw new Refusal(
      `The DynamoDB engine is missing: \`npm install --no-save @dynoxide/${platform}\` fetches it, if it exists for this platform.`,
    )
  }
}

/** Starts DynamoDB, S3 and Cognito in a process of their own; `died` is called when they end on their own. */
export const startEngines = async (
  order: Omit<HostOrder, 'dynoxide'>,
  died: (reason: string) => void,
  put: (event: S3ObjectEvent) => void = () => {},
): Promise<Engines> => {
  const dynoxide = findDynoxide()
  makeExecutable(dynoxide)
  const log = openSync(`${order.dataDir}/engines.log`, 'w')
  const host = fork(new URL('./engine-host.ts', import.meta.url), {
    execArgv: [],
    stdio: ['ignore', log, log, 'ipc'],
  })
  closeSync(log)
  const ready = await readiness(host, { ...order, dynoxide })
  watch(host, ready.dynoxidePid, died)
  host.on('message', (message: HostReport) => {
    if (message.type === 'object') put(message.event)
  })
  const databasePath = `${order.dataDir}/dynamodb.db`
  orderStreams(databasePath)
  return {
    dynamodb: ready.dynamodb,
    s3: ready.s3,
    cognito: ready.cognito,
    databasePath,
    pids: { host: host.pid ?? 0, dynoxide: ready.dynoxidePid },
    stop: () => stopHost(host),
  }
}

/** Makes the binary executable: the package is published without that permission, and only its owner can add it. */
const makeExecutable = (path: string): void => {
  try {
    accessSync(path, constants.X_OK)
  } catch {
    chmodSync(path, 0o755)
  }
}

const readiness = (host: ChildProcess, order: HostOrder): Promise<HostReport & { type: 'ready' }> =>
  new Promise((resolve, reject) => {
    host.once('message', (message: HostReport) => {
      if (message.type === 'ready') resolve(message)
      else if (message.type === 'failed') reject(new Refusal(message.reason))
    })
    host.once('exit', () => reject(new Refusal('The engines ended before they were ready.')))
    host.send(order)
  })

const watch = (host: ChildProcess, dynoxidePid: number, died: (reason: string) => void): void => {
  host.on('message', (message: HostReport) => {
    if (message.type === 'failed') died(message.reason)
  })
  host.once('exit', (_code, signal) => {
    if (signal === 'SIGKILL') end(dynoxidePid)
    died('The engines ended.')
  })
}

const end = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

const stopHost = (host: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    host.removeAllListeners('message')
    host.removeAllListeners('exit')
    if (host.exitCode !== null || host.signalCode !== null) return resolve()
    host.once('exit', () => resolve())
    host.kill('SIGTERM')
  })

/** Without this index every write to a table with a stream reads all of its stream records. */
const orderStreams = (path: string): void => {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA busy_timeout = 4000')
  database.exec(
    'CREATE INDEX IF NOT EXISTS stream_order ON _stream_records (table_name, CAST(sequence_number AS INTEGER))',
  )
  database.close()
}
