#!/usr/bin/env node
import { get, history, search } from './get.ts'
import { load } from './load.ts'
import { type Command, readCommand, UsageError } from './options.ts'
import { patients } from './patients.ts'
import { reasonsOf } from './reasons.ts'
import { discover, signIn } from './sign-in.ts'
import { vitals } from './vitals.ts'

const help = `pilotlight: a command line for a FHIR R4 server

  pilotlight load FILES…            post Bundles; goes on where an interrupted load stopped
  pilotlight patients [--name …]    list patients
  pilotlight vitals PATIENT         a patient's vital signs over time
  pilotlight get PATH               what stands at a path, as it is served: Patient/ID
  pilotlight search TYPE [a=b …]    one page of a search
  pilotlight history [TYPE[/ID]]    versions, newest first
  pilotlight token --user NAME      print a token, and nothing else

  --base URL         the FHIR base URL (PILOTLIGHT_URL; http://localhost:3000/fhir)
  --user NAME        who signs in (PILOTLIGHT_USER)
  --password TEXT    (PILOTLIGHT_PASSWORD; the local stack's demo users need none)
  --client-id ID     the user pool's app client (PILOTLIGHT_CLIENT_ID; the local stack tells it)
  --json             data instead of text
  --count N          at most so many patients or observations (200)
  --concurrency N    how many files are posted at once (4)
  --state FILE       where load remembers what it has loaded
`

const token = async (command: Command): Promise<string> => {
  const text = await signIn(command, await discover(command.base), command.user ?? 'clinician')
  if (text === undefined) throw new UsageError('The server is open: it takes requests without a token.')
  return text
}

const commands: Readonly<Record<string, (command: Command) => Promise<{ text: string; failed: boolean }>>> = {
  load,
  patients: async (command) => ({ text: await patients(command), failed: false }),
  vitals: async (command) => ({ text: await vitals(command), failed: false }),
  get: async (command) => ({ text: await get(command), failed: false }),
  search: async (command) => ({ text: await search(command), failed: false }),
  history: async (command) => ({ text: await history(command), failed: false }),
  token: async (command) => ({ text: await token(command), failed: false }),
}

/** Runs a command; returns the exit code. */
const main = async (args: readonly string[]): Promise<number> => {
  const command = readCommand(args, process.env)
  if (command.help) {
    process.stdout.write(help)
    return 0
  }
  const run = commands[command.name]
  if (!run) throw new UsageError(`\`${command.name}\` is not a command. \`pilotlight --help\` lists them.`)
  const { text, failed } = await run(command)
  console.log(text)
  return failed ? 1 : 0
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(error instanceof UsageError ? error.message : reasonsOf(error).join('\n'))
    process.exitCode = 1
  },
)
