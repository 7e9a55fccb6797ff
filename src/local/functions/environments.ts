import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { resetPeak, residentOf } from '../strict/workers/memory.ts'
import type { InvokeOrder, InvokeReport } from './environment.ts'

/** A function in the form in which an environment runs it. */
export type Runnable = Omit<InvokeOrder, 'id' | 'event' | 'requestId'>

/** The end of an invocation: the handler's result, its own error, a timeout, or the death of the process. */
export type Outcome =
  | { kind: 'result'; result: unknown }
  | { kind: 'error' | 'timeout' | 'crash'; reason: string }

export interface Environments {
  /** Runs a function; a streaming function's chunks go to `receive`, and its return value is ignored. Never rejects. */
  invoke(fn: Runnable, event: unknown, receive?: (chunk: Uint8Array) => void): Promise<Outcome>
  /** The processes that run now. */
  pids(): number[]
  stop(): Promise<void>
}

interface QueuedInvocation {
  fn: Runnable
  event: unknown
  receive: ((chunk: Uint8Array) => void) | undefined
  settle(outcome: Outcome): void
}

interface RunningEnvironment {
  child: ChildProcess
  job: QueuedInvocation | undefined
  timer: NodeJS.Timeout | undefined
  /** Checks the process's memory during an invocation. */
  watch: NodeJS.Timeout | undefined
}

export interface EnvironmentsOptions {
  count: number
  variables: Readonly<Record<string, string>>
  /** The file that the functions' output is added to. */
  logPath: string
  /** Loaded at once, so that the first request need not wait for them. */
  preload: readonly Runnable[]
  /** Returns the variables that give the next process a clock of its own. */
  nextClock?: () => Readonly<Record<string, string>>
  /** Returns whether a process that takes more memory than its function has is killed. */
  limitsMemory?: () => boolean
}

const preload = new URL('../strict/workers/preload.ts', import.meta.url).href
const watchMilliseconds = 50

/**
 * Starts processes that each run a single invocation at a time; further invocations wait in a queue. A dead process is
 * replaced.
 */
export const startEnvironments = (options: EnvironmentsOptions): Environments => {
  const all = new Set<RunningEnvironment>()
  const idle: RunningEnvironment[] = []
  const line: QueuedInvocation[] = []
  let stopping = false
  let lastId = 0

  const start = (): void => {
    const log = openSync(options.logPath, 'a')
    const child = fork(new URL('./environment.ts', import.meta.url), {
      env: { ...options.variables, ...options.nextClock?.() },
      execArgv: [
        '--disable-warning=ExperimentalWarning',
        ...(options.nextClock ? ['--import', preload] : []),
      ],
      serialization: 'advanced',
      stdio: ['ignore', log, log, 'ipc'],
    })
    closeSync(log)
    const environment: RunningEnvironment = { child, job: undefined, timer: undefined, watch: undefined }
    all.add(environment)
    child.on('message', (report: InvokeReport) => heard(environment, report))
    child.once('exit', (code, signal) => gone(environment, `The process ended (${signal ?? code}).`))
    child.on('error', () => {})
  }

  const heard = (environment: RunningEnvironment, report: InvokeReport): void => {
    if ('chunk' in report) {
      environment.job?.receive?.(report.chunk)
      return
    }
    // A message may have been on its way when its process was killed.
    if (environment.child.killed) return
    if (isOverMemory(environment)) {
      outOfMemory(environment)
      return
    }
    if ('ready' in report) for (const fn of options.preload) environment.child.send({ load: fn })
    else
      settle(
        environment,
        'result' in report
          ? { kind: 'result', result: report.result }
          : { kind: 'error', reason: report.failed },
      )
    const next = line.shift()
    if (next) assign(environment, next)
    else idle.push(environment)
  }

  const settle = (environment: RunningEnvironment, outcome: Outcome): void => {
    clearTimeout(environment.timer)
    clearInterval(environment.watch)
    environment.job?.settle(outcome)
    environment.job = undefined
  }

  const gone = (environment: RunningEnvironment, reason: string): void => {
    all.delete(environment)
    const place = idle.indexOf(environment)
    if (place >= 0) idle.splice(place, 1)
    settle(environment, { kind: 'crash', reason })
    if (!stopping) setTimeout(() => !stopping && start(), 50)
  }

  /**
   * Returns whether a process is already too large for a function, after another function's work: it is replaced, since
   * on Lambda each function has processes of its own.
   */
  const isTooLarge = ({ child }: RunningEnvironment, { fn }: QueuedInvocation): boolean =>
    (options.limitsMemory?.() && (residentOf(child.pid ?? 0)?.now ?? 0) > memoryBytes(fn)) || false

  const assign = (environment: RunningEnvironment, job: QueuedInvocation): void => {
    if (isTooLarge(environment, job)) {
      line.unshift(job)
      environment.child.kill('SIGKILL')
      return
    }
    environment.job = job
    if (options.limitsMemory?.()) {
      resetPeak(environment.child.pid ?? 0)
      environment.watch = setInterval(
        () => isOverMemory(environment) && outOfMemory(environment),
        watchMilliseconds,
      )
    }
    environment.timer = setTimeout(() => overdue(environment), job.fn.timeoutSeconds * 1000)
    environment.child.send({
      ...job.fn,
      id: ++lastId,
      event: job.event,
      requestId: randomUUID(),
    } satisfies InvokeOrder)
  }

  const isOverMemory = ({ child, job }: RunningEnvironment): boolean =>
    job !== undefined &&
    options.limitsMemory?.() === true &&
    (residentOf(child.pid ?? 0)?.peak ?? 0) > memoryBytes(job.fn)

  /**
   * Ends an invocation with Lambda's own message:
   * https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
   */
  const outOfMemory = (environment: RunningEnvironment): void => {
    settle(environment, { kind: 'crash', reason: 'Runtime exited with error: signal: killed' })
    environment.child.kill('SIGKILL')
  }

  const overdue = (environment: RunningEnvironment): void => {
    settle(environment, { kind: 'timeout', reason: 'The function took longer than its timeout.' })
    environment.child.kill('SIGKILL')
  }

  for (let index = 0; index < options.count; index++) start()

  return {
    invoke: (fn, event, receive) =>
      new Promise((resolve) => {
        const job: QueuedInvocation = { fn, event, receive, settle: resolve }
        const environment = idle.pop()
        if (environment) assign(environment, job)
        else line.push(job)
      }),
    pids: () => [...all].flatMap(({ child }) => child.pid ?? []),
    stop: async () => {
      stopping = true
      for (const job of line.splice(0)) job.settle({ kind: 'crash', reason: 'The stack stops.' })
      await Promise.all([...all].map(({ child }) => endProcess(child)))
    },
  }
}

/** Returns a function's memory in bytes; `MemorySize` is in MiB. */
const memoryBytes = ({ memory }: Runnable): number => memory * 2 ** 20

const endProcess = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    if (child.connected) child.disconnect()
    setTimeout(() => child.kill('SIGKILL'), 1000).unref()
  })
