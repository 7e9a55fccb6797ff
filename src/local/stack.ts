import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import {
  claimDirectory,
  type Directory,
  type DirectoryClaim,
  dataDirectory,
  releaseDirectory,
} from './directory.ts'
import { type EnginePids, type Engines, startEngines } from './engines/engines.ts'
import {
  type DemoUser,
  demoUsers,
  type Identity,
  provisionIdentity,
  provisionTables,
} from './engines/provision.ts'
import { jwks, signIn } from './engines/sign-in.ts'
import { type Environments, type Runnable, startEnvironments } from './functions/environments.ts'
import { runnable, sharedVariables, withoutSignIn } from './functions/runnables.ts'
import { type StreamPoller, startPoller } from './functions/stream.ts'
import { type Gateway, startGateway } from './gateway/gateway.ts'
import { allowPage, pageFilesOf } from './gateway/page.ts'
import { cognitoAuthorizer, openAuthorizer } from './gateway/token.ts'
import { notify } from './queues/notifications.ts'
import { openQueues, type Queues } from './queues/queue.ts'
import { type QueuePoller, startQueuePoller } from './queues/source.ts'
import type { AccessKey as Key } from './signature/canonical.ts'
import { newCredentials } from './signature/sign.ts'
import { onceOnly, unlistened } from './stack-start.ts'
import { laptopOptions, optionsFromEnvironment, type StrictOptions } from './strict/options.ts'
import { type StrictProxy, startStrict } from './strict/proxy.ts'
import { makeCredentials } from './strict/rights/credentials.ts'
import { keepFailures } from './strict/stream/failures.ts'
import {
  type Given,
  type LambdaFunction,
  localRegion,
  readTemplate,
  type Template,
} from './template/template.ts'

export interface StackOptions {
  /** 0 takes any free port. */
  port?: number
  /** `:memory:` keeps nothing. */
  dataDir?: string
  /** Serves without tokens, everybody being an administrator. */
  open?: boolean
  /** The number of processes that run handlers. */
  environments?: number
  /** Options of the strict proxy; `STRICT` in the environment overrides them. */
  strict?: StrictOptions
  template?: Template
  /** Values for the template's parameters, by the names of environment variables. */
  given?: Given
  /** Makes a queue deliver a message twice whenever it returns true, as SQS may. */
  twice?: () => boolean
  /** Called with the reason when the stack has stopped on its own. */
  died?: (reason: string) => void
}

export interface Stack {
  /** The FHIR base URL. */
  url: string
  /** The base URL of the user pool's service, sign-in pages and keys. */
  cognito: string
  clientId: string
  poolId: string
  dataDir: string
  users: readonly DemoUser[]
  /** The file of the functions' output. */
  logPath: string
  /** The engines' own addresses, which need no signature. */
  endpoints: { dynamodb: string; s3: string }
  /** The key that the user pool's administration is signed with. */
  credentials: Key
  /** Returns the key that a function's calls are signed with. */
  keyOf(id: string): Key | undefined
  /** Returns an ID token of a demo user. */
  token(user: string): Promise<string>
  /** Returns when the stream function has seen every change made so far. */
  drained(): Promise<void>
  /** The processes of the environments that run now. */
  pids(): number[]
  enginePids: EnginePids
  /** The stand-in for AWS between functions and engines. */
  strict: StrictProxy
  stop(): Promise<void>
}

/**
 * Starts everything that the template declares, on loopback; fails with a Refusal of a single line, for example when the
 * port is taken.
 */
export const startStack = async (options: StackOptions = {}): Promise<Stack> => {
  const template = options.template ?? readTemplate(undefined, options.given)
  const directory = dataDirectory(options.dataDir ?? ':memory:')
  const { port = 0 } = options
  const gateway = await startGateway(template, port).catch((error: NodeJS.ErrnoException) => {
    releaseDirectory(directory, undefined)
    throw unlistened[error.code ?? '']?.(port) ?? error
  })
  const parts: StackParts = { gateway, directory }
  const stopOnce = onceOnly(() => stopParts(parts))
  try {
    parts.claim = claimDirectory(directory)
    const died = (reason: string): void => {
      // Ctrl-C reaches the engines too: when they are quicker than this process, it is no death of their own.
      setTimeout(() => {
        if (!parts.stopping) void stopOnce().then(() => options.died?.(reason))
      }, 100)
    }
    return { ...(await startParts(template, options, parts, died)), stop: stopOnce }
  } catch (error) {
    await stopOnce()
    throw error
  }
}

interface StackParts {
  gateway: Gateway
  directory: Directory
  engines?: Engines
  strict?: StrictProxy
  environments?: Environments
  streamEnvironment?: Environments
  jobEnvironments?: Environments
  poller?: StreamPoller
  queues?: Queues
  queuePollers?: readonly QueuePoller[]
  schedule?: NodeJS.Timeout
  /** The lock on the data directory while the stack runs. */
  claim?: DirectoryClaim
  stopping?: boolean
}

const startParts = async (
  template: Template,
  options: StackOptions,
  parts: StackParts,
  died: (reason: string) => void,
): Promise<Omit<Stack, 'stop'>> => {
  const { gateway, directory } = parts
  const origin = `http://localhost:${gateway.port}`
  const queues = openQueues({
    path: `${directory.path}/queues.db`,
    queues: template.queues,
    ...(options.twice && { twice: options.twice }),
  })
  parts.queues = queues
  const engines = await startEngines(
    { dataDir: directory.path, temporary: directory.temporary, issuer: origin, buckets: template.buckets },
    died,
    (event) => notify(event, template.notifications, queues),
  )
  parts.engines = engines
  const credentials = makeCredentials(template.functions)
  const strictOptions = optionsFromEnvironment(options.strict ?? laptopOptions, process.env)
  const { principals, keyring } = credentials
  parts.strict = await startStrict(engines, strictOptions, principals, keyring)
  const administration = newCredentials()
  const [identity] = await Promise.all([
    provisionIdentity(engines.cognito, template),
    provisionTables(engines.dynamodb, template.tables),
  ])
  const runnables = new Map(
    template.functions.map((fn) => {
      const each = runnable(template, fn, identity, origin, credentials.variablesOf(fn.id))
      return [fn.id, options.open ? withoutSignIn(each) : each] as const
    }),
  )
  const logPath = `${directory.path}/functions.log`
  startFunctions(template, options, parts, runnables, logPath)
  const authorize = options.open
    ? openAuthorizer
    : cognitoAuthorizer(`${origin}/${identity.poolId}`, await jwks(engines.cognito, identity.poolId))
  await allowPage(engines.cognito, identity, gateway.port)
  const open = options.open === true
  gateway.open({
    authorize,
    page: pageFilesOf({ stage: template.stage, origin, identity, users: demoUsers, open }),
    cognito: engines.cognito,
    keyring: (id) => (id === administration.accessKeyId ? administration : undefined),
    invoke: (id, event, receive) =>
      (parts.environments as Environments).invoke(runnables.get(id) as Runnable, event, receive),
  })
  const described = describeStack(template, parts, engines, identity, logPath)
  return { ...described, credentials: administration, keyOf: credentials.keyOf }
}

const describeStack = (
  template: Template,
  parts: StackParts,
  engines: Engines,
  identity: Identity,
  logPath: string,
): Omit<Stack, 'stop' | 'credentials' | 'keyOf'> => {
  const cognito = `http://localhost:${parts.gateway.port}`
  const url = `${cognito}/${template.stage}`
  const stack = {
    url,
    cognito,
    ...identity,
    dataDir: parts.directory.path,
    users: demoUsers,
    logPath,
    endpoints: { dynamodb: engines.dynamodb, s3: engines.s3 },
    enginePids: engines.pids,
    strict: parts.strict as StrictProxy,
    token: (user: string) => signIn(engines.cognito, identity.clientId, user),
    drained: async () => parts.poller?.drained(),
    pids: () => [
      ...(parts.environments?.pids() ?? []),
      ...(parts.streamEnvironment?.pids() ?? []),
      ...(parts.jobEnvironments?.pids() ?? []),
    ],
  }
  const processes = { environments: stack.pids(), engines: engines.pids }
  const card = { pid: process.pid, url, cognito, ...identity, users: demoUsers, processes }
  writeFileSync(`${parts.directory.path}/stack.json`, JSON.stringify(card, null, 2), { mode: 0o600 })
  return stack
}

const startFunctions = (
  template: Template,
  options: StackOptions,
  parts: StackParts,
  runnables: ReadonlyMap<string, Runnable>,
  logPath: string,
): void => {
  const engines = parts.engines as Engines
  const strict = parts.strict as StrictProxy
  const limitsMemory = () => strict.workers().limitMemory
  const shared = { variables: sharedVariables(strict), logPath, nextClock: strict.nextClock, limitsMemory }
  const streamFunctions = template.functions.filter((fn) => fn.stream)
  const api = template.functions
    .filter((fn) => !fn.stream && !fn.queue)
    .map((fn) => runnables.get(fn.id) as Runnable)
  const count = options.environments ?? Math.max(2, availableParallelism())
  parts.environments = startEnvironments({ ...shared, count, preload: api })
  parts.streamEnvironment = startEnvironments({ ...shared, count: 1, preload: [] })
  const jobs = template.functions.filter((fn) => fn.queue)
  const jobCount = jobs.reduce((sum, fn) => sum + (fn.queue?.concurrency ?? 0), 0)
  parts.jobEnvironments = startEnvironments({ ...shared, count: jobCount, preload: [] })
  parts.queuePollers = jobs.map((fn) => queuePollerOf(fn, parts, runnables.get(fn.id) as Runnable))
  for (const fn of streamFunctions)
    parts.poller = pollerOf(fn, parts, engines, runnables.get(fn.id) as Runnable)
  startSchedule(template, parts, runnables)
}

const scheduleMilliseconds = 24 * 3600 * 1000

/** Calls the scheduled functions at the start and then daily: a stack that was killed may have left unfinished jobs. */
const startSchedule = (
  { functions }: Template,
  parts: StackParts,
  runnables: ReadonlyMap<string, Runnable>,
): void => {
  const scheduled = functions.filter((fn) => fn.scheduled).map((fn) => runnables.get(fn.id) as Runnable)
  const callAll = () => {
    for (const each of scheduled) void parts.jobEnvironments?.invoke(each, { source: 'aws.events' })
  }
  callAll()
  parts.schedule = setInterval(callAll, scheduleMilliseconds).unref()
}

const pollerOf = (
  fn: LambdaFunction,
  parts: StackParts,
  engines: Engines,
  runnable: Runnable,
): StreamPoller =>
  startPoller({
    endpoint: engines.dynamodb,
    source: fn.stream as NonNullable<LambdaFunction['stream']>,
    checkpointPath: `${parts.directory.path}/stream-position`,
    databasePath: engines.databasePath,
    invoke: (event) => (parts.streamEnvironment as Environments).invoke(runnable, event),
    gaveUp: keepFailures({
      bucket: fn.stream?.failures ?? '',
      function: fn.id,
      region: localRegion,
      strict: parts.strict as StrictProxy,
      credentials: runnable.variables,
    }),
    repeated: () => (parts.strict as StrictProxy).repeats(),
  })

const queuePollerOf = (fn: LambdaFunction, parts: StackParts, runnable: Runnable): QueuePoller =>
  startQueuePoller({
    queues: parts.queues as Queues,
    source: fn.queue as NonNullable<LambdaFunction['queue']>,
    invoke: (event) => (parts.jobEnvironments as Environments).invoke(runnable, event),
  })

const stopParts = async (parts: StackParts): Promise<void> => {
  parts.stopping = true
  clearInterval(parts.schedule)
  await parts.gateway.stop()
  await Promise.all([
    parts.poller?.stop(),
    parts.environments?.stop(),
    parts.streamEnvironment?.stop(),
    parts.jobEnvironments?.stop(),
    ...(parts.queuePollers ?? []).map((poller) => poller.stop()),
  ])
  await parts.strict?.stop()
  await parts.engines?.stop()
  parts.queues?.close()
  releaseDirectory(parts.directory, parts.claim)
}
