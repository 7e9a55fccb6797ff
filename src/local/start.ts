import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { buildStale } from './build.ts'
import { fillStore } from './demo/fill.ts'
import { checkDirectory, defaultDirectory } from './directory.ts'
import { Refusal } from './engines/engines.ts'
import { type Stack, startStack } from './stack.ts'
import { projectRoot } from './template/template.ts'

/** The options of `npm start`: `PORT` and `DATA_DIR` from the environment, the rest from the arguments behind `--`. */
export interface StartOptions {
  port: number
  dataDir: string
  /** The number of processes that run handlers, from `WORKERS`; by default the number of cores, at least two. */
  environments?: number
  open: boolean
  /** Fills an empty store with made-up patients. */
  demo: boolean
}

/** Returns the options; refuses an unknown argument and a number out of range. */
export const readOptions = (args: readonly string[], env: NodeJS.ProcessEnv): StartOptions => {
  const unknown = args.find((arg) => !['--open', '--demo'].includes(arg))
  if (unknown) throw new Refusal(`\`${unknown}\` is not an option: there is \`--open\` and \`--demo\`.`)
  const port = Number(env.PORT || 3000)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Refusal(`PORT must be a number from 0 to 65535, not \`${env.PORT}\`.`)
  const workers = env.WORKERS ? { environments: workersOf(env.WORKERS) } : {}
  return {
    port,
    dataDir: env.DATA_DIR || defaultDirectory(projectRoot, env),
    ...workers,
    open: args.includes('--open'),
    demo: args.includes('--demo'),
  }
}

const workersOf = (text: string): number => {
  const workers = Number(text)
  if (!Number.isInteger(workers) || workers < 1 || workers > 64)
    throw new Refusal(`WORKERS must be a number from 1 to 64, not \`${text}\`.`)
  return workers
}

const welcome = (stack: Stack, open: boolean, seconds: number): string => {
  const users = stack.users.map(({ name, password }) => `    ${name.padEnd(10)} ${password}`)
  const token = stack.url.includes(':3000/') ? '' : `PILOTLIGHT_URL=${stack.url} `
  return [
    `Pilotlight is ready after ${seconds.toFixed(1)} s.`,
    `  The page       ${stack.cognito}/`,
    `  FHIR base URL  ${stack.url}`,
    ...(open
      ? ["  OPEN: every request is an administrator's, without a token. It listens on this machine only."]
      : [
          '  Users and passwords',
          ...users,
          `  A token        ${token}npx pilotlight token --user clinician`,
        ]),
    `  Data           ${stack.dataDir}${isElsewhere(stack.dataDir) ? ', for this checkout is not yours to write' : ''}`,
    `  Function logs  ${stack.logPath}`,
    'Ctrl-C stops it.',
  ].join('\n')
}

const startFromCommandLine = async (): Promise<void> => {
  const began = performance.now()
  const options = readOptions(process.argv.slice(2), process.env)
  checkDirectory(options.dataDir)
  await buildStale().catch((error: NodeJS.ErrnoException) => {
    throw unbuilt.has(error.code ?? '') ? stale : error
  })
  const died = (reason: string): void => leave(`The stack has stopped: ${reason}`)
  const stack = await startStack({ ...options, given: process.env, died })
  const stop = (): void => void stack.stop().then(() => process.exit(0))
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  process.on('SIGHUP', stop)
  stopWithoutParent(stop)
  console.log(welcome(stack, options.open, (performance.now() - began) / 1000))
  if (options.demo) console.log(await demonstrate(stack, options.open))
}

const isElsewhere = (path: string): boolean => !process.env.DATA_DIR && path !== resolve(projectRoot, '.data')

/** A file system's refusals to write. */
const unbuilt = new Set(['EACCES', 'EPERM', 'EROFS'])

const stale = new Refusal(
  `What was built in ${projectRoot}dist is older than its sources, and not yours to write: its owner can run \`npm run build\`.`,
)

/** Shows the progress: a terminal's line is drawn again, elsewhere every fifth patient is logged. */
const showMade = (done: number, all: number): void => {
  if (process.stderr.isTTY)
    process.stderr.write(`\r\x1b[K${done === all ? '' : `${done} of ${all} patients made up`}`)
  else if (done % 5 === 0) console.error(`${done} of ${all} patients made up`)
}

const demonstrate = async (stack: Stack, open: boolean): Promise<string> => {
  const count = await fillStore(stack, open, showMade)
  return count === 0
    ? 'The store has patients already: none were made up.'
    : `${count} patients were made up.`
}

/** Stops when npm was killed without passing the signal on: this process, or the shell in between, is then an orphan. */
const stopWithoutParent = (stop: () => void): void => {
  if (process.env.npm_lifecycle_event !== 'start') return
  const before = parents()
  setInterval(() => parents() !== before && stop(), 500).unref()
}

const parents = (): string => `${process.ppid} ${parentOf(process.ppid)}`

/** Returns the parent of a process from `/proc`; empty on a system without `/proc`. */
const parentOf = (pid: number): string => {
  try {
    return (
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')[1] ?? ''
    )
  } catch {
    return ''
  }
}

const leave = (line: string): never => {
  console.error(line)
  process.exit(1)
}

if (import.meta.main) {
  startFromCommandLine().catch((error: unknown) => {
    if (error instanceof Refusal) leave(error.message)
    throw error
  })
}
