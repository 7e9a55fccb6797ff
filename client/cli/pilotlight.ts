#!/usr/bin/env node
import './json-source.ts'
import { commandOf, helpFor } from './commands.ts'
import { readCommand, UsageError } from './options.ts'
import { reasonsOf } from './reasons.ts'
import { version } from './version.ts'

/** Runs a command; returns the exit code. */
const main = async (args: readonly string[]): Promise<number> => {
  const command = readCommand(args, process.env)
  if (command.version) {
    console.log(version)
    return 0
  }
  if (command.help) {
    process.stdout.write(helpFor(command.name))
    return 0
  }
  const { text, failed } = await commandOf(command).run(command)
  if (text !== '') console.log(text)
  return failed ? 1 : 0
}

/** A reader that has seen enough, such as `head`, closes the pipe: that is the end, and no error. */
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(process.exitCode ?? 0)
  })

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    const mistyped = error instanceof UsageError
    console.error(mistyped ? error.message : reasonsOf(error).join('\n'))
    process.exitCode = mistyped ? 2 : 1
  },
)
