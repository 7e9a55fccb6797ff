import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { firstBytes } from '../src/local/build.ts'
import { projectRoot } from '../src/local/template/template.ts'
import { median, type Section } from './figures.ts'
import { coldStart } from './floor/build.ts'

const run = promisify(execFile)
const script = `${projectRoot}${coldStart}`

/** A function's first request: its bundle, the event, and the environment that it starts in. */
export interface First {
  bundle: string
  exportName: string
  event: object
  variables: Readonly<Record<string, string>>
}

/** One comparison: a function's cold start, and that of a bare one that makes the same calls to the database. */
export interface Start {
  name: string
  ours: First
  bare: First
}

interface Said {
  statusCode: number
  ownMs: number
  allMs: number
}

const startOnce = async ({ bundle, exportName, event, variables }: First): Promise<Said> => {
  const argv = [script, projectRoot + bundle, exportName, JSON.stringify(event)]
  const { stdout } = await run(process.execPath, argv, { env: { ...variables } })
  const said = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Said
  if (said.statusCode >= 400) throw new Error(`${bundle} answered ${said.statusCode} when started cold.`)
  return said
}

const pairs = 15

type Results = Record<'ours' | 'bare', Said[]>

const comparison = async ({ ours, bare }: Start): Promise<Results> => {
  const results: Results = { ours: [], bare: [] }
  for (let i = 0; i < pairs; i++) {
    results.bare.push(await startOnce(bare))
    results.ours.push(await startOnce(ours))
  }
  return results
}

const kilobytes = (bundle: string): number => firstBytes(projectRoot + bundle) / 1024

const medians = (results: Results, of: (said: Said) => number): [ours: number, ratio: number] => {
  const ours = median(results.ours.map(of))
  return [ours, ours / median(results.bare.map(of))]
}

/** Starts every function cold against a bare one, in turn, each in a fresh process of its own. */
export const coldSection = async (starts: readonly Start[]): Promise<Section> => {
  const rows: (string | number)[][] = []
  const figures: Section['figures'][number][] = []
  for (const start of starts) {
    const results = await comparison(start)
    const [own, ratio] = medians(results, ({ ownMs }) => ownMs)
    const [all, allRatio] = medians(results, ({ allMs }) => allMs)
    const [size, bareSize] = [kilobytes(start.ours.bundle), kilobytes(start.bare.bundle)]
    rows.push([start.name, size, bareSize, own, ratio, all, allRatio])
    const aim = start.name.includes('first') ? {} : { aim: { atMost: 1.25 } }
    figures.push(
      { name: `${start.name}, loaded first`, value: size, unit: 'KB' },
      { name: `${start.name}, cold`, value: own, unit: 'ms' },
      { name: `${start.name}, cold ÷ bare`, value: ratio, unit: '×', ...aim },
      { name: `${start.name}, cold ÷ bare, Node’s own start included`, value: allRatio, unit: '×' },
    )
  }
  return {
    title: 'Cold start',
    note: `Milliseconds from loading the bundle to the first answer, the median of ${pairs} fresh processes each, in turn with a bare function of the SDK alone: one GetItem, for searches one Query and one BatchGetItem. KB are what is loaded before the first request; the last two columns include Node’s own start.`,
    columns: ['function', 'KB', 'bare KB', 'cold ms', '× bare', 'with Node ms', '× bare'],
    rows,
    figures,
  }
}
