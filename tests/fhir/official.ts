/** The official definitions and examples, where the data folder lies beside the project. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const data = join(import.meta.dirname, '../../../shared/data')

/** Whether the official definitions are there. */
export const hasOfficial = existsSync(join(data, 'r4-core'))

/** Returns the names of the files of a folder of the data; none where it is absent. */
export const dataFiles = (folder: string, prefix = ''): string[] => {
  const directory = join(data, folder)
  const names = existsSync(directory) ? readdirSync(directory) : []
  return names
    .filter((name) => name.startsWith(prefix) && name.endsWith('.json') && name !== 'package.json')
    .sort()
    .map((name) => join(directory, name))
}

/** Returns the JSON that a file holds. */
export const readData = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T

/** Returns every `step`-th resource of the Synthea bundles, as they stand in their entries. */
export const syntheaResources = <T>(step = 1, bundles = 3): T[] =>
  dataFiles('synthea')
    .slice(0, bundles)
    .flatMap((file) => readData<{ entry: { resource: T }[] }>(file).entry.map((entry) => entry.resource))
    .filter((_, i) => i % step === 0)
