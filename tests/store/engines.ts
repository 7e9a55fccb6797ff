import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { findDynoxide } from '../../src/local/engines/engines.ts'
import { provisionTables } from '../../src/local/engines/provision.ts'
import { optionsFromEnvironment, type StrictOptions, testOptions } from '../../src/local/strict/options.ts'
import { type StrictProxy, startStrict } from '../../src/local/strict/proxy.ts'
import { readTemplate } from '../../src/local/template/template.ts'
import { type Archive, openArchive } from '../../src/store/archive/archive.ts'
import { type Clients, connect } from '../../src/store/dynamo/clients.ts'
import { openStore, type StorePlace } from '../../src/store/dynamo/open.ts'
import type { TableNames } from '../../src/store/dynamo/session.ts'
import type { OpenStore } from '../../src/store/port.ts'

/** A DynamoDB and an S3 of one test file's own, with the template's tables and bucket. */
export interface Engines {
  openStore: OpenStore
  archive: Archive
  tables: TableNames
  bucket: string
  clients: Clients
  /** The engines themselves, past the stand-in for AWS. */
  endpoints: { dynamodb: string; s3: string }
  /** The stand-in for AWS, which everything else here goes through. */
  strict: StrictProxy
  /** The environment by which a process of its own reaches the same engines. */
  env: Record<string, string>
  /** What `openStore` was opened with, to open another one that differs. */
  place: StorePlace
  stop(): Promise<void>
}

/** Starts a DynamoDB engine on a port with its data in a directory; `settle` runs once it listens and has tables. */
export interface DatabaseEngine {
  start(port: number, directory: string): ChildProcess
  settle?(directory: string): void
}

/** The engine of the local stack. */
export const dynoxide: DatabaseEngine = {
  start: (port, directory) =>
    spawn(
      findDynoxide(),
      ['serve', '--host', '127.0.0.1', '--port', String(port), '--db-path', `${directory}/dynamodb.db`],
      { stdio: 'ignore' },
    ),
  settle: (directory) => {
    const database = new DatabaseSync(`${directory}/dynamodb.db`)
    database.exec('PRAGMA busy_timeout = 4000')
    database.exec(
      'CREATE INDEX IF NOT EXISTS stream_order ON _stream_records (table_name, CAST(sequence_number AS INTEGER))',
    )
    database.close()
  },
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

const answering = async (endpoint: string): Promise<void> => {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const answer = await fetch(endpoint).catch(() => undefined)
    if (answer) return
    await sleep(10)
  }
  throw new Error(`Nothing answers at ${endpoint}.`)
}

const startDatabase = async (engine: DatabaseEngine, directory: string) => {
  const port = await freePort()
  const child = engine.start(port, directory)
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  const endpoint = `http://127.0.0.1:${port}`
  await answering(endpoint)
  const stop = () =>
    new Promise<void>((resolve) => {
      process.removeListener('exit', end)
      child.once('exit', () => resolve())
      if (!end()) resolve()
    })
  return { endpoint, stop }
}

interface S3Server {
  run(): Promise<AddressInfo>
  close(): Promise<void>
}

const startBucket = async (directory: string, bucket: string) => {
  const S3rver = createRequire(import.meta.url)('@20minutes/s3rver')
  const server: S3Server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory: `${directory}/s3`,
    allowMismatchedSignatures: true,
    vhostBuckets: false,
    configureBuckets: [{ name: bucket, configs: [] }],
  })
  const { port } = await server.run()
  return { endpoint: `http://127.0.0.1:${port}`, stop: () => server.close() }
}

const tableNames: TableNames = {
  resources: 'resources-table',
  search: 'search-table',
  system: 'system-table',
}

const fastest = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** What differs from the usual engines. */
export interface EnginesOptions {
  engine?: DatabaseEngine
  /** The directory below which the data lies. */
  parent?: string
  strict?: StrictOptions
}

/** Starts the engines behind the stand-in for AWS; whoever starts them stops them. */
export const startEngines = async (options: EnginesOptions = {}): Promise<Engines> => {
  const { engine = dynoxide, parent = fastest, strict: strictOptions = testOptions } = options
  const directory = mkdtempSync(`${parent}/pilotlight-`)
  const template = readTemplate()
  const [bucket = ''] = template.buckets
  const [database, s3] = await Promise.all([startDatabase(engine, directory), startBucket(directory, bucket)])
  await provisionTables(database.endpoint, template.tables)
  engine.settle?.(directory)
  const endpoints = { dynamodb: database.endpoint, s3: s3.endpoint }
  const strict = await startStrict(endpoints, optionsFromEnvironment(strictOptions, process.env))
  const env = {
    AWS_ENDPOINT_URL_DYNAMODB: strict.endpoints.dynamodb,
    AWS_ENDPOINT_URL_S3: strict.endpoints.s3,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'S3RVER',
    AWS_SECRET_ACCESS_KEY: 'S3RVER',
    RESOURCES_TABLE: tableNames.resources,
    SEARCH_TABLE: tableNames.search,
    SYSTEM_TABLE: tableNames.system,
    ARCHIVE_BUCKET: bucket,
  }
  const clients = connect(env)
  const place = { tables: tableNames, bucket, clients }
  return {
    openStore: openStore(place),
    archive: openArchive(place),
    tables: tableNames,
    bucket,
    clients,
    endpoints,
    strict,
    env,
    place,
    stop: async () => {
      await strict.stop()
      await Promise.all([database.stop(), s3.stop()])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
