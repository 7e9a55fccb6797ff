// https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { readText } from './input/text.ts'
import { filesIn } from './tar.ts'

/** One resource of a package, as its file has it. */
export interface Packed {
  path: string
  type: string
  id: string
  text: string
}

/** What a package holds that a server can be told. */
export interface Package {
  name: string
  dependencies: readonly string[]
  resources: readonly Packed[]
}

interface File {
  path: string
  text: string
}

/** What others are read by comes before them. */
const order = ['CodeSystem', 'ValueSet', 'ConceptMap', 'StructureDefinition', 'SearchParameter']

const rank = ({ type }: Packed): number => (order.includes(type) ? order.indexOf(type) : order.length)

/** Examples and the publisher's own files lie in folders of their own. */
const directoryFiles = async (directory: string): Promise<File[]> => {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json'))
  return Promise.all(
    names.sort().map(async (name) => ({ path: name, text: await readText(join(directory, name)) })),
  )
}

const archiveFiles = async (path: string): Promise<File[]> =>
  [...filesIn(gunzipSync(await readFile(path)))]
    .filter((file) => /^(?:\.\/)?package\/[^/]+\.json$/.test(file.path))
    .map(({ path: name, text }) => ({ path: name.replace(/^.*\//, ''), text }))

const filesOf = async (path: string): Promise<File[]> => {
  if (!(await stat(path)).isDirectory()) return archiveFiles(path)
  const inner = join(path, 'package')
  const nested = await stat(inner).catch(() => undefined)
  return directoryFiles(nested?.isDirectory() ? inner : path)
}

/** Returns the properties of a JSON file, none where it is no object; fails with the file's name where it is no JSON. */
const propertiesOf = ({ path, text }: File): Record<string, unknown> => {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>
  } catch (error) {
    throw new Error(`${path} is not JSON: ${(error as Error).message}`)
  }
}

const packed = (file: File): Packed[] => {
  const { path, text } = file
  const { resourceType, id } = propertiesOf(file)
  return typeof resourceType === 'string' && typeof id === 'string'
    ? [{ path, type: resourceType, id, text }]
    : []
}

const packageAt = async (path: string): Promise<Package> => {
  const files = await filesOf(path)
  const described = files.find((file) => file.path === 'package.json')
  const {
    name = path,
    version,
    dependencies = {},
  } = (described ? propertiesOf(described) : {}) as {
    name?: string
    version?: string
    dependencies?: Record<string, string>
  }
  const resources = files.filter((file) => file !== described && !file.path.startsWith('.')).flatMap(packed)
  return {
    name: version === undefined ? name : `${name} ${version}`,
    dependencies: Object.entries(dependencies)
      .filter(([each]) => !each.startsWith('hl7.fhir.r4.core'))
      .map(([each, of]) => `${each} ${of}`),
    resources: resources.sort((a, b) => rank(a) - rank(b)),
  }
}

/** Returns what a package holds: an archive as it is published, or a folder of what was in one; fails with the path. */
export const readPackage = async (path: string): Promise<Package> => {
  try {
    return await packageAt(path)
  } catch (error) {
    throw new Error(`\`${path}\` could not be read as a package: ${(error as Error).message}.`)
  }
}
