// https://hl7.org/fhir/R4/http.html#update, #patch and #delete
import { asResource, InputFailure, parsedJson, readText } from '../input/text.ts'
import { type Command, type Done, UsageError } from '../options.ts'
import { change, toldChange } from './send.ts'

const isPath = (word: string): boolean => /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/.test(word)

const usage = ({ name }: Command, takes: string): UsageError =>
  new UsageError(`Name the resource: \`pilotlight ${name} ${takes}\`.`)

const done = async (command: Command, request: Parameters<typeof change>[1]): Promise<Done> => {
  const answer = await change(command, request)
  return { text: command.json ? answer.text.trimEnd() : toldChange(answer, request.path), failed: false }
}

/** Returns the path that a resource is written to: the one given, or its own type and id. */
const pathOf = (file: string, text: string, given: string | undefined): string => {
  const { resourceType, id } = asResource(file, parsedJson(file, text))
  const own = `${resourceType}/${id}`
  if (id === undefined)
    throw new InputFailure(
      file,
      'It has no `id` to be written under. `pilotlight post` lets the server choose one.',
    )
  if (given !== undefined && given !== own)
    throw new InputFailure(file, `It is ${own} and cannot be written to ${given}.`)
  return own
}

/** Writes one resource under its own id; says what became of it. */
export const put = async (command: Command): Promise<Done> => {
  const { words } = command
  const [given, file] = words.length > 1 ? words : [undefined, words[0]]
  if (file === undefined || (given !== undefined && !isPath(given))) throw usage(command, '[TYPE/ID] FILE')
  const body = await readText(file)
  const headers = { 'content-type': 'application/fhir+json' }
  return done(command, { method: 'PUT', path: pathOf(file, body, given), headers, body })
}

/** Returns the media type of a patch: XML, a list of operations, or R4's Parameters. */
const patchType = (file: string, text: string): string => {
  if (text.trimStart().startsWith('<')) return 'application/xml-patch+xml'
  const patch = parsedJson(file, text)
  if (Array.isArray(patch)) return 'application/json-patch+json'
  if (asResource(file, patch).resourceType === 'Parameters') return 'application/fhir+json'
  throw new InputFailure(file, 'It is no patch: neither a list of operations nor Parameters.')
}

/** Patches one resource; says what became of it. */
export const patch = async (command: Command): Promise<Done> => {
  const [path = '', file] = command.words
  if (file === undefined || !isPath(path)) throw usage(command, 'TYPE/ID FILE')
  const body = await readText(file)
  return done(command, { method: 'PATCH', path, headers: { 'content-type': patchType(file, body) }, body })
}

/** Deletes one resource; says what became of it. */
export const remove = async (command: Command): Promise<Done> => {
  const [path = ''] = command.words
  if (!isPath(path)) throw usage(command, 'TYPE/ID')
  return done(command, { method: 'DELETE', path })
}
