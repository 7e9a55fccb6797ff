import { parseArgs } from 'node:util'
import { guessOf } from './guess.ts'

/** A mistake of whoever typed the command: one line says it, without a stack. */
export class UsageError extends Error {}

/** Where the server is and who asks. */
export interface ServerOptions {
  base: string
  user: string | undefined
  password: string | undefined
  clientId: string | undefined
}

export interface Command extends ServerOptions {
  name: string
  words: readonly string[]
  help: boolean
  version: boolean
  json: boolean
  patientName: string | undefined
  count: number
  concurrency: number
  state: string | undefined
  /** Lets load-package claim the guides that it loads. */
  claim: boolean
  /** The guide's statement to compare with, where a package has several. */
  statement: string | undefined
  /** The guide whose claim the command `claims` withdraws. */
  withdraw: string | undefined
}

/** What a command prints, and whether something that it was to do failed. */
export interface Done {
  text: string
  failed: boolean
}

export type Environment = Readonly<Record<string, string | undefined>>

/** The options that every command takes. */
export const flags = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  json: { type: 'boolean' },
  base: { type: 'string' },
  user: { type: 'string' },
  password: { type: 'string' },
  'client-id': { type: 'string' },
  name: { type: 'string' },
  count: { type: 'string' },
  concurrency: { type: 'string' },
  state: { type: 'string' },
  claim: { type: 'boolean' },
  statement: { type: 'string' },
  withdraw: { type: 'string' },
} as const

/** Returns the command that the arguments and the environment ask for; fails with a UsageError. */
export const readCommand = (args: readonly string[], env: Environment): Command => {
  const { values, positionals } = parsed(args)
  const [name = '', ...words] = positionals
  return {
    name,
    words,
    help: values.help ?? name === '',
    version: values.version ?? false,
    json: values.json ?? false,
    base: baseUrl(values.base ?? env.PILOTLIGHT_URL ?? 'http://localhost:3000/fhir'),
    user: values.user ?? env.PILOTLIGHT_USER,
    password: values.password ?? env.PILOTLIGHT_PASSWORD,
    clientId: values['client-id'] ?? env.PILOTLIGHT_CLIENT_ID,
    patientName: values.name,
    count: wholeNumber('count', values.count ?? '200'),
    concurrency: wholeNumber('concurrency', values.concurrency ?? '4'),
    state: values.state,
    claim: values.claim ?? false,
    statement: values.statement,
    withdraw: values.withdraw,
  }
}

const parsed = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: true })
  } catch (error) {
    const [line = ''] = (error as Error).message.split('. ')
    const option = /^Unknown option '--([\w-]+)'/.exec(line)?.[1]
    const guess = option && guessOf(option, Object.keys(flags))
    const meant = guess ? ` Did you mean \`--${guess}\`?` : ''
    throw new UsageError(`${line}.${meant} \`pilotlight --help\` lists the options.`)
  }
}

const baseUrl = (text: string): string => {
  if (!/^https?:\/\/./.test(text))
    throw new UsageError(`\`${text}\` is not a FHIR base URL: it must start with http:// or https://.`)
  return text.replace(/\/+$/, '')
}

const wholeNumber = (flag: string, text: string): number => {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0) return number
  throw new UsageError(`--${flag} must be a whole number from 1 on, not \`${text}\`.`)
}
