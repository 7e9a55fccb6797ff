import type { CodeSystem } from 'fhir/r4.js'
import { parseExact } from '../exact.ts'
import { type CodeList, cellsOf, piecesOf, systemList, tableList } from './code-list.ts'
import { parsedJson, readText } from './input/text.ts'
import { type Command, type Done, UsageError } from './options.ts'
import { openSession } from './session.ts'
import { toldFailures, writeAll } from './write-all.ts'

const usage = 'Name the list, and for a table its code system: `pilotlight load-codes FILE.csv URL|VERSION`.'

const jsonList = (path: string, text: string): CodeList => {
  const resource = parsedJson(path, text, parseExact) as CodeSystem
  if (resource.resourceType !== 'CodeSystem' || !resource.url)
    throw new UsageError(`\`${path}\` is no CodeSystem with a \`url\`.`)
  return systemList(resource)
}

const listIn = async (path: string, canonical: string | undefined): Promise<CodeList> => {
  const text = await readText(path)
  const name = path.replace(/\.gz$/, '')
  if (name.endsWith('.json')) return jsonList(path, text)
  if (canonical === undefined) throw new UsageError(usage)
  return tableList(cellsOf(text, /\.(tsv|txt)$/.test(name) ? '\t' : ','), canonical)
}

/** Writes a list of codes as the pieces of a code system; returns what to print and whether all of it is in. */
export const loadCodes = async (command: Command): Promise<Done> => {
  const [path, canonical, ...more] = command.words
  if (path === undefined || more.length > 0) throw new UsageError(usage)
  const list = await listIn(path, canonical)
  const pieces = piecesOf(list)
  const session = await openSession(command, 'loader')
  const first = await writeAll(session, pieces.slice(0, -1), command.concurrency)
  const failed = first.length > 0 ? first : await writeAll(session, pieces.slice(-1), 1)
  const loaded = { system: list.system.url, codes: list.concepts.length, resources: pieces.length, failed }
  const line =
    failed.length > 0
      ? `${list.system.url}: not all of it is loaded.`
      : `${list.system.url}: ${loaded.codes} codes loaded in ${loaded.resources} resources.`
  return {
    text: command.json ? JSON.stringify(loaded, null, 2) : [...toldFailures(failed), line].join('\n'),
    failed: failed.length > 0,
  }
}
