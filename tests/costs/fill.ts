/** Stores of any size, filled by the engine's importer of exported tables; the items come from the code that writes them. */

import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findDynoxide } from '../../src/local/engines.ts'
import { readTemplate } from '../../src/local/template.ts'
import { dynoxide, type Engines, startEngines } from '../store/engines.ts'

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

/** Returns engines with so many resources of made-up patients in them, their data below a directory. */
export const filledEngines = async (
  size: number,
  { directory = tmpdir(), makers = 2 }: { directory?: string; makers?: number } = {},
): Promise<{ engines: Engines; made: Made }> => {
  mkdirSync(directory, { recursive: true })
  const work = mkdtempSync(`${directory}/costs-`)
  const made = await makeFiles(`${work}/export`, size, makers)
  await importFiles(`${work}/export`, `${work}/database`)
  const engine = {
    ...dynoxide,
    start: (port: number, own: string) => {
      renameSync(`${work}/database`, `${own}/dynamodb.db`)
      rmSync(work, { recursive: true })
      return dynoxide.start(port, own)
    },
  }
  return { engines: await startEngines(engine, directory), made }
}
