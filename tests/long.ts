/** `npm run test:long [-- NAME…]`: proofs of which `npm test` does a part, at full length. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { rightsReport } from '../src/local/strict/rights/report.ts'
import { projectRoot, readTemplate } from '../src/local/template/template.ts'
import { shiftedClock } from './shifted-clock.ts'

interface Proof {
  /** Absent where the whole suite is run. */
  file?: string
  env: Readonly<Record<string, string>>
  /** How far from the machine's the clock is, of the tests and of all that they start. */
  clock?: string
  /** Whether the rights that were used are compared with the policies: a denied one fails the proof, and where the whole suite runs an unused one too. */
  rights?: true
}

const proofs: Readonly<Record<string, Proof>> = {
  crash: { file: 'tests/local/crash.test.ts', env: { CRASH_SHARE: '1' } },
  overlap: { file: 'tests/local/overlap.test.ts', env: { OVERLAP_SECONDS: '60' } },
  chaos: { file: 'tests/local/chaos.test.ts', env: { CHAOS_SECONDS: '60' } },
  change: {
    file: 'tests/search/under-change.test.ts',
    env: {
      CHANGE_SEARCHES: '2000',
      CHANGE_RESOURCES: '700',
      CHANGE_PAGES: '500',
      CHANGE_PAGE_SIZE: '250',
      CHANGE_WRITERS: '8',
    },
  },
  interleavings: { file: 'tests/search/reading/interleavings.test.ts', env: { INTERLEAVINGS: '20000' } },
  everything: { file: 'tests/operations/under-change.test.ts', env: { EVERYTHING_READINGS: '500' } },
  chains: { file: 'tests/search/chains.test.ts', env: { CHAINS: '10000' } },
  law: { file: 'tests/laws/whole.test.ts', env: { LAWS: '20000' } },
  units: { file: 'tests/laws/search.test.ts', env: { LAWS: '20000' } },
  huge: { file: '/huge.test.ts', env: { HUGE_ENTRIES: '25000' } },
  xml: { file: 'tests/fhir/xml/xml.test.ts', env: { XML_EXAMPLES: '6000' } },
  'round-trip': { file: 'tests/http/round-trip.test.ts', env: { ROUND_TRIPS: '6000' } },
  mutations: { file: 'tests/validate/mutations.test.ts', env: { MUTATIONS: '50000', MUTATION_SEED: '3' } },
  strict: { file: 'tests/local/strict/attack/strict.test.ts', env: { STRICT_SHARE: '1' }, rights: true },
  rights: { env: {}, rights: true },
  search: { file: 'tests/laws/examples.test.ts', env: { EXAMPLES: '1' } },
  'dates-tomorrow': { env: {}, clock: '+1d' },
  'dates-next-year': { env: {}, clock: '+400d' },
}

/** One name for several proofs. */
const groups: Readonly<Record<string, readonly string[]>> = { dates: ['dates-tomorrow', 'dates-next-year'] }

const names = process.argv.slice(2).flatMap((name) => groups[name] ?? [name])
const unknown = names.filter((name) => !(name in proofs))
if (unknown.length > 0)
  throw new Error(`Unknown: ${unknown}. There are: ${[...Object.keys(groups), ...Object.keys(proofs)]}.`)

/** Prints which rights were denied and which were never used; returns whether none was. */
const reportRights = (log: string, isWhole: boolean): boolean => {
  const principals = readTemplate().functions.map(({ id, statements }) => ({ name: id, statements }))
  const { denied, unused } = rightsReport(principals, existsSync(log) ? readFileSync(log, 'utf8') : '')
  for (const line of denied) console.log(`denied: ${line}`)
  for (const line of unused) console.log(`never used: ${line}`)
  console.log(`${denied.length} rights were denied, ${unused.length} never used.`)
  return denied.length === 0 && (!isWhole || unused.length === 0)
}

const runs = (name: string, { file, env, clock, rights }: Proof): boolean => {
  const shifted = clock === undefined ? {} : shiftedClock(clock)
  if (!shifted) {
    console.log(`${name} is skipped: there is no libfaketime (\`apt-get install faketime\`).`)
    return true
  }
  const folder = mkdtempSync(`${tmpdir()}/rights-`)
  const log = { RIGHTS_LOG: `${folder}/log` }
  const { status } = spawnSync(`${projectRoot}node_modules/.bin/vitest`, ['run', ...(file ? [file] : [])], {
    cwd: projectRoot,
    env: { ...process.env, ...env, ...shifted, ...(rights && log) },
    stdio: 'inherit',
  })
  const allowed = !rights || reportRights(log.RIGHTS_LOG, file === undefined)
  rmSync(folder, { recursive: true })
  return status === 0 && allowed
}

const failed = Object.entries(proofs)
  .filter(([name]) => names.length === 0 || names.includes(name))
  .filter(([name, proof]) => !runs(name, proof))
  .map(([name]) => name)
if (failed.length > 0) throw new Error(`Failed: ${failed}.`)
