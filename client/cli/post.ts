// https://hl7.org/fhir/R4/http.html#create and #transaction
import type { Bundle, BundleEntry } from 'fhir/r4.js'
import { sent, toldChange } from './change/send.ts'
import { asResource, parsedJson, readText } from './input/text.ts'
import { type Command, type Done, UsageError } from './options.ts'
import { issuesOf } from './reasons.ts'
import { openSession } from './session.ts'
import { table } from './table.ts'

const isDone = ({ response }: BundleEntry): boolean => Number.parseInt(response?.status ?? '0', 10) < 400

/** Returns `Patient/1, version 1` of `Patient/1/_history/1`, wherever the server is. */
const placeText = (location: string): string =>
  location.replace(/^.*?([A-Z][A-Za-z]+\/[^/]+)\/_history\/([^/]+)$/, '$1, version $2')

const rowOf = (entry: BundleEntry, index: number): string[] => {
  const { status = '', location, outcome } = entry.response ?? {}
  return [String(index), status, location === undefined ? issuesOf(outcome).join(' ') : placeText(location)]
}

/** A Bundle is carried out where it is a transaction or a batch; any other resource is created. */
const pathFor = (file: string, text: string): string => {
  const { resourceType, type } = asResource(file, parsedJson(file, text))
  return resourceType === 'Bundle' && (type === 'transaction' || type === 'batch') ? '' : resourceType
}

/** Posts one resource or Bundle from a file or from standard input; returns its id and version, entry by entry. */
export const post = async (command: Command): Promise<Done> => {
  const [file] = command.words
  if (file === undefined)
    throw new UsageError('Name one file, or `-` for what comes in: `pilotlight post FILE`.')
  const body = await readText(file)
  const path = pathFor(file, body)
  const session = await openSession(command, path === '' ? 'loader' : 'clinician')
  const headers = { 'content-type': 'application/fhir+json', 'idempotency-key': crypto.randomUUID() }
  const minimal = { ...headers, prefer: 'return=minimal' }
  const answer = await sent(session, {
    method: 'POST',
    path,
    headers: command.json ? headers : minimal,
    body,
  })
  const { entry = [] } = (path === '' ? JSON.parse(answer.text) : {}) as Partial<Bundle>
  const failed = !entry.every(isDone)
  if (command.json) return { text: answer.text.trimEnd(), failed }
  if (path !== '') return { text: toldChange(answer, path), failed }
  return { text: table([['ENTRY', 'STATUS', 'PLACE, OR WHY NOT'], ...entry.map(rowOf)]), failed }
}
