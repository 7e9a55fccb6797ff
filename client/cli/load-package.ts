// https://hl7.org/fhir/R4/http.html#upsert
import { again } from './again.ts'
import { type Command, type Done, UsageError } from './options.ts'
import { type Package, type Packed, readPackage } from './package.ts'
import { progressBar } from './progress.ts'
import { reasonsOf } from './reasons.ts'
import { openSession, type Session } from './session.ts'

interface Failed {
  resource: string
  reasons: string[]
}

interface Loaded {
  package: string
  resources: number
  failed: Failed[]
  dependencies: readonly string[]
}

const put = (session: Session, { type, id, text }: Packed): Promise<unknown> => {
  const headers = { 'content-type': 'application/fhir+json', prefer: 'return=OperationOutcome' }
  const request = { method: 'PUT', body: text, options: { headers } } as const
  return again(() => session.ask((client) => client.request(`${type}/${id}`, request as never)))
}

/** What is there already, as it is here, stays the version it is: a load that broke off is simply begun again. */
const loadOne = async (session: Session, found: Package, concurrency: number): Promise<Loaded> => {
  const bar = progressBar(found.resources.length, process.stderr)
  const failed: Failed[] = []
  const waiting = [...found.resources]
  const worker = async (): Promise<void> => {
    for (let each = waiting.shift(); each; each = waiting.shift()) {
      const resource = `${each.type}/${each.id}`
      await put(session, each).catch((error: unknown) => failed.push({ resource, reasons: reasonsOf(error) }))
      bar.done(1)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  bar.clear()
  const resources = found.resources.length - failed.length
  return { package: found.name, resources, failed, dependencies: found.dependencies }
}

const told = (loaded: Loaded): string[] => [
  ...loaded.failed.flatMap(({ resource, reasons }) => [
    `FAILED ${resource}`,
    ...reasons.map((reason) => `  ${reason}`),
  ]),
  `${loaded.package}: ${loaded.resources} resources loaded, ${loaded.failed.length} failed.`,
  ...(loaded.dependencies.length > 0 ? [`It builds on ${loaded.dependencies.join(', ')}.`] : []),
]

/** Writes what FHIR packages hold to the server, each under its own id; returns what to print and whether all of it is in. */
export const loadPackage = async (command: Command): Promise<Done> => {
  if (command.words.length === 0)
    throw new UsageError('Name the package, or its folder: `pilotlight load-package PACKAGE.tgz|FOLDER…`.')
  const packages = await Promise.all(command.words.map(readPackage))
  const session = await openSession(command, 'loader')
  const loaded: Loaded[] = []
  for (const each of packages) loaded.push(await loadOne(session, each, command.concurrency))
  return {
    text: command.json ? JSON.stringify(loaded, null, 2) : loaded.flatMap(told).join('\n'),
    failed: loaded.some(({ failed }) => failed.length > 0),
  }
}
