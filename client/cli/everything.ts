// https://hl7.org/fhir/R4/patient-operation-everything.html
import { once } from 'node:events'
import type { Bundle, Resource } from 'fhir/r4.js'
import { parseExact } from '../exact.ts'
import { pairsOf } from './get.ts'
import type { Command, Done } from './options.ts'
import { openSession } from './session.ts'

const nameOf = ({ resourceType, id, meta }: Resource): string => `${resourceType}/${id}/${meta?.versionId}`

const nextQuery = ({ link = [] }: Bundle): string | undefined => {
  const next = link.find(({ relation }) => relation === 'next')
  return next && new URL(next.url).search
}

/** Writes what the server has of a patient, or of all, page by page: a resource on each line, each version once. */
export const everything = async (command: Command): Promise<Done> => {
  const [first = ''] = command.words
  const [patient, words] = first.includes('=') ? ['', command.words] : [first, command.words.slice(1)]
  const path = ['Patient', ...(patient === '' ? [] : [patient]), '$everything'].join('/')
  const session = await openSession(command, 'clinician')
  const told = new Set<string>()
  let query: string | undefined = `?${new URLSearchParams(pairsOf(words))}`
  while (query !== undefined) {
    const page = parseExact(await session.text(path + query)) as Bundle
    const resources = (page.entry ?? []).flatMap(({ resource }) => resource ?? [])
    const fresh = resources.filter((resource) => !told.has(nameOf(resource)))
    for (const resource of fresh) told.add(nameOf(resource))
    const lines = fresh.map((resource) => `${JSON.stringify(resource)}\n`).join('')
    if (!process.stdout.write(lines)) await once(process.stdout, 'drain')
    query = nextQuery(page)
  }
  return { text: '', failed: false }
}
