import { archive } from './archive.ts'
import { patch, put, remove } from './change/change.ts'
import { claims } from './claims/claims.ts'
import { completion, type Known } from './completion.ts'
import { everything } from './everything.ts'
import { get, history, search } from './get.ts'
import { guessOf } from './guess.ts'
import { immunizations } from './immunizations.ts'
import { index } from './index-audit.ts'
import { labs } from './labs.ts'
import { load } from './load.ts'
import { loadCodes } from './load-codes.ts'
import { loadPackage } from './load-package.ts'
import { type Command, type Done, UsageError } from './options.ts'
import { patients } from './patients.ts'
import { post } from './post.ts'
import { allergies } from './records/allergies.ts'
import { medications } from './records/medications.ts'
import { problems } from './records/problems.ts'
import { reindex } from './reindex.ts'
import { discover, signIn } from './sign-in.ts'
import { vitals } from './vitals.ts'

interface Row extends Known {
  run(command: Command): Promise<Done>
}

const row = (name: string, takes: string, summary: string, run: Row['run']): Row => ({
  name,
  takes,
  summary,
  run,
})

const telling =
  (text: (command: Command) => Promise<string>): Row['run'] =>
  async (command) => ({ text: await text(command), failed: false })

const token = async (command: Command): Promise<string> => {
  const text = await signIn(command, await discover(command.base), command.user ?? 'clinician')
  if (text === undefined) throw new UsageError('The server is open: it takes requests without a token.')
  return text
}

/** Every command; help and completion are read from here. */
export const commands: readonly Row[] = [
  row('load', 'FILES…', 'write what files and folders hold; goes on where it was interrupted', load),
  row(
    'load-package',
    'PACKAGE…',
    'write what FHIR packages hold: profiles, value sets, …; .tgz or folders; --claim claims the guide',
    loadPackage,
  ),
  row('claims', '', 'list the guides that the server claims, or withdraw one', claims),
  row('load-codes', 'FILE [URL|VERSION]', 'write a list of codes (.csv, .tsv, .json) in pieces', loadCodes),
  row('post', 'FILE|-', 'post one resource or Bundle: its id and version, or entry by entry', post),
  row('put', '[TYPE/ID] FILE|-', 'write one resource under its own id', put),
  row('patch', 'TYPE/ID FILE|-', 'apply a JSON Patch, a FHIRPath Patch or an XML Patch', patch),
  row('delete', 'TYPE/ID', 'delete one resource', remove),
  row('patients', '[--name …]', 'list patients', telling(patients)),
  row('vitals', 'PATIENT', "a patient's vital signs over time", telling(vitals)),
  row('labs', 'PATIENT', "a patient's laboratory results by panel", telling(labs)),
  row('problems', 'PATIENT', "a patient's problems, those of now first", telling(problems)),
  row('medications', 'PATIENT', "a patient's prescriptions, those in force first", telling(medications)),
  row('allergies', 'PATIENT', "a patient's allergies and intolerances", telling(allergies)),
  row('immunizations', 'PATIENT', "a patient's immunizations by vaccine", telling(immunizations)),
  row('get', 'PATH', 'what stands at a path, as it is served: Patient/ID', telling(get)),
  row('search', 'TYPE [a=b …]', 'one page of a search', telling(search)),
  row('everything', '[PATIENT] [a=b …]', 'all of a patient, or of all: a resource on each line', everything),
  row('history', '[TYPE[/ID]]', 'versions, newest first', telling(history)),
  row('index', 'check|repair TYPE|TYPE/ID', 'hold the search index against the resources', index),
  row('reindex', '', 'index what is defined at run time, and wait until that is done', telling(reindex)),
  row('archive', 'replay|compact', 'archive changes that could not be; make few objects of many', archive),
  row('token', '', 'print a token, and nothing else', telling(token)),
  row('completion', 'SHELL', 'a script that completes commands in bash, zsh or fish', async (command) => ({
    text: completion(command, commands),
    failed: false,
  })),
]

const usage = ({ name, takes }: Known): string => `pilotlight ${name} ${takes}`.trimEnd()

const optionsHelp = `  --base URL         the FHIR base URL (PILOTLIGHT_URL; http://localhost:3000/fhir)
  --user NAME        who signs in (PILOTLIGHT_USER)
  --password TEXT    (PILOTLIGHT_PASSWORD; the local stack's demo users need none)
  --client-id ID     the user pool's app client (PILOTLIGHT_CLIENT_ID; the local stack tells it)
  --json             data instead of text
  --count N          at most so many patients, or resources of a kind (200)
  --concurrency N    how many files are posted at once (4)
  --state FILE       where load remembers what it has loaded
  --claim            with load-package: reports each SHALL of the guide that is not met, and claims it if there is none
  --statement URL    the guide's CapabilityStatement for servers, where a package has several
  --withdraw URL     with claims: withdraws the claim of a guide
  --version          the version of this command line

Data goes to standard output, the rest to standard error. Ends with 0 when all is done, with 1 when the
server refused something or could not be reached, with 2 when the command was mistyped.
`

/** Returns the help for a command, or where it names none for all. */
export const helpFor = (name: string): string => {
  const known = commands.find((command) => command.name === name)
  if (known) return `${usage(known)}: ${known.summary}\n\n${optionsHelp}`
  const width = Math.max(...commands.map((command) => usage(command).length))
  const lines = commands.map((command) => `  ${usage(command).padEnd(width)}  ${command.summary}`)
  return `pilotlight: a command line for a FHIR R4 server\n\n${lines.join('\n')}\n\n${optionsHelp}`
}

/** `FILE [URL|VERSION]` is two words, `FILES…` any number, `[--name …]` none. */
const mostWords = ({ takes }: Known): number => {
  const words = takes.split(' ').filter((word) => word !== '')
  if (words[0]?.startsWith('[--')) return 0
  return takes.includes('…') ? Number.POSITIVE_INFINITY : words.length
}

const unknownCommand = (name: string): string => {
  const guess = guessOf(
    name,
    commands.map((command) => command.name),
  )
  const meant = guess ? `Did you mean \`${guess}\`? ` : ''
  return `\`${name}\` is not a command. ${meant}\`pilotlight --help\` lists them.`
}

/** Returns what a command is done by; fails with a UsageError where there is none of that name, or with words it does not take. */
export const commandOf = ({ name, words }: Pick<Command, 'name' | 'words'>): Row => {
  const found = commands.find((command) => command.name === name)
  if (!found) throw new UsageError(unknownCommand(name))
  const surplus = words[mostWords(found)]
  if (surplus !== undefined) throw new UsageError(`\`${surplus}\` is too much: \`${usage(found)}\`.`)
  return found
}
