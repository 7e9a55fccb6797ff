// https://hl7.org/fhir/R4/http.html#create and #transaction
import { readFile } from 'node:fs/promises'
import { text as textFrom } from 'node:stream/consumers'
import type { Bundle, BundleEntry, FhirResource } from 'fhir/r4.js'
import { type Command, type Done, UsageError } from './options.ts'
import { issuesOf } from './reasons.ts'
import { openSession } from './session.ts'
import { table } from './table.ts'

const bodyOf = async ({ words }: Command): Promise<string> => {
  const [file, ...more] = words
  if (file === undefined || more.length > 0)
    throw new UsageError('Name one file, or `-` for what comes in: `pilotlight post FILE`.')
  return file === '-' ? textFrom(process.stdin) : readFile(file, 'utf8')
}

const isDone = ({ response }: BundleEntry): boolean => Number.parseInt(response?.status ?? '0', 10) < 400

const rowOf = (entry: BundleEntry, index: number): string[] => {
  const { status = '', location, outcome } = entry.response ?? {}
  return [String(index), status, location ?? issuesOf(outcome).join(' ')]
}

const typeOf = (text: string): string => {
  const { resourceType } = JSON.parse(text) as Partial<FhirResource>
  if (!resourceType) throw new Error('It is no FHIR resource: it has no `resourceType`.')
  return resourceType
}

/** A Bundle is carried out where it is a transaction or a batch; any other resource is created. */
const pathFor = (text: string): string => {
  const type = typeOf(text)
  const { type: kind } = JSON.parse(text) as Partial<Bundle>
  return type === 'Bundle' && (kind === 'transaction' || kind === 'batch') ? '' : type
}

/** Posts one resource or Bundle from a file or from standard input; tells what became of it, entry by entry. */
export const post = async (command: Command): Promise<Done> => {
  const body = await bodyOf(command)
  const path = pathFor(body)
  const session = await openSession(command, path === '' ? 'loader' : 'clinician')
  const answer = await session.text(path, body)
  const { entry = [] } = (answer === '' ? {} : JSON.parse(answer)) as Partial<Bundle>
  const failed = !entry.every(isDone)
  if (command.json) return { text: answer, failed }
  if (path !== '') return { text: 'Created.', failed }
  return { text: table([['ENTRY', 'STATUS', 'PLACE, OR WHY NOT'], ...entry.map(rowOf)]), failed }
}
