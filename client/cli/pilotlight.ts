#!/usr/bin/env node
import { commandOf, helpFor } from './commands.ts'
import { readCommand, UsageError } from './options.ts'
import { reasonsOf } from './reasons.ts'

/** Runs a command; returns the exit code. */
const main = async (args: readonly string[]): Promise<number> => {
  const command = readCommand(args, process.env)
  if (command.help) {
    process.stdout.write(helpFor(command.name))
    return 0
  }
  const { text, failed } = await commandOf(command).run(command)
  if (text !== '') console.log(text)
  return failed ? 1 : 0
}

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
