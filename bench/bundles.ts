import { existsSync, globSync, readFileSync } from 'node:fs'
import { demoBundles } from '../src/local/demo/bundle.ts'
import { projectRoot } from '../src/local/template/template.ts'

const synthea = `${projectRoot}../shared/data/synthea`

/** Bundles to load, and where they come from. */
export interface Bundles {
  source: string
  texts: readonly string[]
}

/** Returns Synthea's bundles where they lie beside the project, else as many made-up ones. */
export const benchBundles = (count: number): Bundles => {
  if (!existsSync(synthea)) return { source: 'made-up patients', texts: [...demoBundles(count)] }
  const files = globSync(`${synthea}/*.json`).sort().slice(0, count)
  return { source: 'Synthea', texts: files.map((file) => readFileSync(file, 'utf8')) }
}

/** Returns how many entries a bundle has. */
export const entryCount = (text: string): number => (JSON.parse(text) as { entry: unknown[] }).entry.length
