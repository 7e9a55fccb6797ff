// https://hl7.org/fhir/R4/http.html#read, #search and #history
import { type Command, UsageError } from './options.ts'
import { openSession } from './session.ts'

const wordOf = ({ name, words }: Command, example: string): string => {
  if (words[0] === undefined) throw new UsageError(`Say what: \`pilotlight ${name} ${example}\`.`)
  return words[0]
}

/** Returns what stands at a path below the base, with the digits that the server sent. */
const textAt = async (command: Command, path: string): Promise<string> => {
  const session = await openSession(command, 'clinician')
  return session.text(path)
}

/** Reads a path as it is: a resource, a version, an operation. */
export const get = (command: Command): Promise<string> =>
  textAt(command, wordOf(command, 'Patient/ID').replace(/^\/+/, ''))

/** Returns the parameters that words such as `name=smith` are. */
export const pairsOf = (words: readonly string[]): [string, string][] =>
  words.map((word) => {
    const [name = '', ...value] = word.split('=')
    if (value.length === 0) throw new UsageError(`\`${word}\` is not a parameter: write \`name=value\`.`)
    return [name, value.join('=')]
  })

/** Searches a type; each further word is a parameter, `name=smith`. */
export const search = (command: Command): Promise<string> => {
  const type = wordOf(command, 'Patient name=smith')
  return textAt(command, `${type}?${new URLSearchParams(pairsOf(command.words.slice(1)))}`)
}

/** Lists the versions of a resource, of a type, or of everything. */
export const history = (command: Command): Promise<string> =>
  textAt(command, [...command.words.slice(0, 1), '_history'].join('/'))
