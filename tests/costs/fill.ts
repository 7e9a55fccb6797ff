/** Stores of any size, filled by the engine's importer of exported tables; the items come from the code that writes them. */

import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findDynoxide } from '../../src/local/engines/engines.ts'
import { laptopOptions } from '../../src/local/strict/options.ts'
import { readTemplate } from '../../src/local/template/template.ts'
import { inChunks } from '../../src/store/parallel.ts'
import type { Write } from '../../src/store/port.ts'
import { newWriteId } from '../../src/store/write-ids.ts'
import { dynoxide, type Engines, startEngines } from '../store/engines.ts'
import { openFile } from './exported.ts'
import { itemsOf } from './made.ts'

const run = promisify(execFile)
const script = fileURLToPath(new URL('files.ts', import.meta.url))

/** How much was made. */
export interface Made {
  resources: number
  items: number
  patients: number
}

const makeFiles = async (directory: string, size: number, makers: number): Promise<Made> => {
  const make = (part: number) =>
    run(process.execPath, [script, directory, String(part), String(makers), String(size / makers), 'main'])
  const parts = await Promise.all(Array.from({ length: makers }, (_, part) => make(part)))
  const made = parts.map(({ stdout }): Made => JSON.parse(stdout))
  const sum = (name: keyof Made) => made.reduce((total, each) => total + each[name], 0)
  return { resources: sum('resources'), items: sum('items'), patients: sum('patients') }
}

/** A search reads two of the tables, and no stream. */
const writeSchema = (path: string): void => {
  const read = readTemplate().tables.filter(({ name }) => name !== 'system-table')
  const schema = read.map(({ create: { StreamSpecification: _, ...Table } }) => ({ Table }))
  writeFileSync(path, JSON.stringify(schema))
}

const importFiles = async (source: string, database: string): Promise<void> => {
  const schema = `${source}.json`
  writeSchema(schema)
  await run(findDynoxide(), ['import', '--source', source, '--schema', schema, '--output', database], {
    maxBuffer: 1e9,
  })
}

const workIn = (directory: string): string => {
  mkdirSync(directory, { recursive: true })
  return mkdtempSync(`${directory}/costs-`)
}

/** Imports the files in a working directory, removes it, and starts engines that hold what was imported. */
const importedEngines = async (work: string, directory: string): Promise<Engines> => {
  await importFiles(`${work}/export`, `${work}/database`)
  const engine = {
    ...dynoxide,
    start: (port: number, own: string) => {
      renameSync(`${work}/database`, `${own}/dynamodb.db`)
      rmSync(work, { recursive: true })
      return dynoxide.start(port, own)
    },
  }
  return startEngines({ engine, parent: directory, strict: laptopOptions })
}

/** Returns engines with so many resources of made-up patients in them, their data below a directory. */
export const filledEngines = async (
  size: number,
  { directory = tmpdir(), makers = 2 }: { directory?: string; makers?: number } = {},
): Promise<{ engines: Engines; made: Made }> => {
  const work = workIn(directory)
  const made = await makeFiles(`${work}/export`, size, makers)
  return { engines: await importedEngines(work, directory), made }
}

/** Returns engines that hold these writes, 400 under one write id, far sooner than commits would take. */
export const enginesWith = async (writes: readonly Write[], directory = tmpdir()): Promise<Engines> => {
  const work = workIn(directory)
  const files = ['search', 'resources'].map((name) => openFile(`${work}/export/${name}-table`, 'all'))
  for (const chunk of inChunks(writes, 400)) {
    const { search, resources } = itemsOf('main', { w: newWriteId(false), writes: chunk })
    await Promise.all([files[0]?.put(search), files[1]?.put(resources)])
  }
  await Promise.all(files.map((file) => file.end()))
  return importedEngines(work, directory)
}
