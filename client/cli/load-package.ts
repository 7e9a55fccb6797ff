import { type Claimed, claimGuide } from './claims/claims.ts'
import { type Command, type Done, UsageError } from './options.ts'
import { type Package, readPackage } from './package.ts'
import { openSession, type Session } from './session.ts'
import { type Failed, toldFailures, writeAll } from './write-all.ts'

interface Loaded {
  package: string
  resources: number
  failed: Failed[]
  dependencies: readonly string[]
  claim?: Claimed
}

/** What is there already, as it is here, stays the version it is: a load that broke off is simply begun again. */
const loadOne = async (session: Session, found: Package, concurrency: number): Promise<Loaded> => {
  const failed = await writeAll(session, found.resources, concurrency)
  const resources = found.resources.length - failed.length
  return { package: found.name, resources, failed, dependencies: found.dependencies }
}

const told = (loaded: Loaded): string[] => [
  ...toldFailures(loaded.failed),
  `${loaded.package}: ${loaded.resources} resources loaded, ${loaded.failed.length} failed.`,
  ...(loaded.dependencies.length > 0 ? [`It builds on ${loaded.dependencies.join(', ')}.`] : []),
  ...(loaded.claim?.lines ?? []),
]

/** A guide of which something could not be loaded is not claimed. */
const claimed = async (
  session: Session,
  found: Package,
  loaded: Loaded,
  { claim, statement }: Command,
): Promise<Loaded> => {
  if (!claim) return loaded
  if (loaded.failed.length > 0)
    return {
      ...loaded,
      claim: { lines: ['The guide is not claimed, since not all of it was loaded.'], made: false },
    }
  return { ...loaded, claim: await claimGuide(session, found, statement) }
}

/** Writes what FHIR packages hold to the server, each under its own id; returns what to print and whether all of it is in. */
export const loadPackage = async (command: Command): Promise<Done> => {
  if (command.words.length === 0)
    throw new UsageError('Name the package, or its folder: `pilotlight load-package PACKAGE.tgz|FOLDER…`.')
  const packages = await Promise.all(command.words.map(readPackage))
  // A search parameter changes how the server works, which is an administrator's to do.
  const session = await openSession(command, 'admin')
  const loaded: Loaded[] = []
  for (const each of packages)
    loaded.push(await claimed(session, each, await loadOne(session, each, command.concurrency), command))
  return {
    text: command.json ? JSON.stringify(loaded, null, 2) : loaded.flatMap(told).join('\n'),
    failed: loaded.some(({ failed, claim }) => failed.length > 0 || claim?.made === false),
  }
}
