import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { projectRoot } from '../src/local/template.ts'
import { median, rounded, type Section } from './figures.ts'
import { floorBundle } from './floor/build.ts'

const run = promisify(execFile)
const script = fileURLToPath(new URL('./cold-start.cjs', import.meta.url))

/** One function as it starts cold: its bundle, and the event that is its first. */
export interface Start {
  name: string
  bundle: string
  exportName: string
  event: object
  variables: Readonly<Record<string, string>>
}

interface Said {
  statusCode: number
  ownMs: number
  allMs: number
}

const startOnce = async ({ name, bundle, exportName, event, variables }: Start): Promise<Said> => {
  const argv = [script, projectRoot + bundle, exportName, JSON.stringify(event)]
  const { stdout } = await run(process.execPath, argv, { env: { ...variables } })
  const said = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Said
  if (said.statusCode >= 400) throw new Error(`${name} answered ${said.statusCode} when started cold.`)
  return said
}

const pairs = 15

const comparison = async (ours: Start, bare: Start): Promise<{ ours: Said[]; bare: Said[] }> => {
  const results: { ours: Said[]; bare: Said[] } = { ours: [], bare: [] }
  for (let i = 0; i < pairs; i++) {
    results.bare.push(await startOnce(bare))
    results.ours.push(await startOnce(ours))
  }
  return results
}

const kilobytes = (bundle: string): number => statSync(projectRoot + bundle).size / 1024

/** Starts every function cold against the bare one, in turn, each in a fresh process of its own. */
export const coldSection = async (starts: readonly Start[], bare: Start): Promise<Section> => {
  const rows: (string | number)[][] = []
  const figures: Section['figures'][number][] = []
  for (const start of starts) {
    const result = await comparison(start, bare)
    const own = (said: readonly Said[]): number => median(said.map(({ ownMs }) => ownMs))
    const all = (said: readonly Said[]): number => median(said.map(({ allMs }) => allMs))
    const ratio = own(result.ours) / own(result.bare)
    const allRatio = all(result.ours) / all(result.bare)
    rows.push([
      start.name,
      kilobytes(start.bundle),
      own(result.ours),
      own(result.bare),
      ratio,
      all(result.ours),
      allRatio,
    ])
    figures.push(
      { name: `${start.name}, bundle`, value: kilobytes(start.bundle), unit: 'KB' },
      { name: `${start.name}, cold`, value: own(result.ours), unit: 'ms' },
      { name: `${start.name}, cold ÷ bare`, value: ratio, unit: '×', aim: { atMost: 1.25 } },
      { name: `${start.name}, cold ÷ bare, Node’s own start included`, value: allRatio, unit: '×' },
    )
  }
  return {
    title: 'Cold start',
    note: `Milliseconds from loading the bundle to the first answer, the median of ${pairs} fresh processes each, in turn with the bare function (SDK and one GetItem, ${rounded(kilobytes(floorBundle('read')))} KB); the last two columns include Node’s own start.`,
    columns: ['function', 'KB', 'cold ms', 'bare ms', '× bare', 'with Node ms', '× bare'],
    rows,
    figures,
  }
}
