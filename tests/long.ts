/** `npm run test:long [-- NAME…]`: proofs of which `npm test` does a part, at full length. */
import { spawnSync } from 'node:child_process'
import { projectRoot } from '../src/local/template.ts'

interface Proof {
  file: string
  env: Readonly<Record<string, string>>
}

const proofs: Readonly<Record<string, Proof>> = {
  crash: { file: 'tests/local/crash.test.ts', env: { CRASH_SHARE: '1' } },
  overlap: { file: 'tests/local/overlap.test.ts', env: { OVERLAP_SECONDS: '60' } },
  chaos: { file: 'tests/local/chaos.test.ts', env: { CHAOS_SECONDS: '60' } },
  chains: { file: 'tests/search/chains.test.ts', env: { CHAINS: '10000' } },
  law: { file: 'tests/laws/whole.test.ts', env: { LAWS: '20000' } },
  units: { file: 'tests/laws/search.test.ts', env: { LAWS: '20000' } },
  huge: { file: '/huge.test.ts', env: { HUGE_ENTRIES: '25000' } },
  xml: { file: 'tests/fhir/xml/xml.test.ts', env: { XML_EXAMPLES: '6000' } },
  'round-trip': { file: 'tests/http/round-trip.test.ts', env: { ROUND_TRIPS: '6000' } },
  mutations: { file: 'tests/validate/mutations.test.ts', env: { MUTATIONS: '50000', MUTATION_SEED: '3' } },
  search: { file: 'tests/laws/examples.test.ts', env: { EXAMPLES: '1' } },
}

const names = process.argv.slice(2)
const unknown = names.filter((name) => !(name in proofs))
if (unknown.length > 0) throw new Error(`Unknown: ${unknown}. There are: ${Object.keys(proofs)}.`)

const failed = Object.entries(proofs)
  .filter(([name]) => names.length === 0 || names.includes(name))
  .filter(([, { file, env }]) => {
    const { status } = spawnSync(`${projectRoot}node_modules/.bin/vitest`, ['run', file], {
      cwd: projectRoot,
      env: { ...process.env, ...env },
      stdio: 'inherit',
    })
    return status !== 0
  })
  .map(([name]) => name)
if (failed.length > 0) throw new Error(`Failed: ${failed}.`)
