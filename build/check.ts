import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { prepare } from '../src/local/bundle.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The most bytes that a function's minified script may have: what a cold start must read and compile. */
const budgets: Readonly<Record<string, number>> = {
  MetadataFunction: 900_000,
  BundleFunction: 1_500_000,
  PatientFunction: 1_500_000,
  ObservationFunction: 1_500_000,
  ResourceFunction: 1_500_000,
  StreamFunction: 900_000,
}

interface Check {
  name: string
  run(): boolean
}

const tool = (name: string, command: string, ...args: readonly string[]): Check => ({
  name,
  run: () => spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0,
})

const local = (command: string): string => `${root}node_modules/.bin/${command}`

const withinBudgets = (): boolean => {
  const sizes: Record<string, number> = JSON.parse(readFileSync(`${root}dist/sizes.json`, 'utf8'))
  const over = Object.entries(sizes).filter(([id, bytes]) => bytes > (budgets[id] ?? 0))
  for (const [id, bytes] of over)
    console.error(`${id} has ${bytes} bytes; its budget is ${budgets[id] ?? 'not set'}.`)
  return over.length === 0
}

const isInstalled = (command: string): boolean =>
  spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0

const checks: readonly Check[] = [
  tool('types', local('tsc'), '-p', '.'),
  tool('types of the page', local('tsc'), '-p', 'client/web', '--noEmit'),
  tool('format and lint', local('biome'), 'check', '--error-on-warnings', '.'),
  tool('house rules', local('vitest'), 'run', 'tests/house', '--reporter=dot'),
  ...(isInstalled('cfn-lint') ? [tool('template', 'cfn-lint', 'template.yaml')] : []),
  { name: 'bundle sizes', run: withinBudgets },
]

await prepare()
const failed = checks.filter((check) => {
  const passed = check.run()
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${check.name}`)
  return !passed
})
process.exitCode = failed.length === 0 ? 0 : 1
